package org.coop4j.method;

import java.io.IOException;
import java.util.List;
import java.util.function.Supplier;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.clip.Objective;
import org.coop4j.clip.PromptEncoder;
import org.coop4j.clip.StepGraph;
import org.coop4j.data.ClassNames;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.train.BatchOrder;
import org.coop4j.train.Training;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * Learns context vectors by a method's loss (the reference's {@code PromptLearner}, {@code
 * CustomCLIP} and trainer around a loss).
 *
 * <p>The images are features, encoded once; every step encodes all class prompts with the context
 * as it is. Nothing but the context is trained.
 */
final class PromptLearner implements Learner {

    private final Method method;
    private final Clip clip;
    private final Task task;
    private final PromptContext context;
    private final List<int[]> prompts;
    private final Supplier<Loss> loss;

    /** A loss of class features in a step's graph. */
    interface Loss {

        /**
         * The loss of a batch.
         *
         * @param classFeatures features of the prompts, not normalised, [classes, embed]
         * @return a scalar
         */
        SDVariable of(StepGraph step, SDVariable classFeatures);
    }

    /**
     * @param loss makes the loss when training begins: what it takes from the text tower is
     *     computed then
     * @throws PromptTooLongException if a prompt exceeds the context length, naming its class
     */
    PromptLearner(Method method, Clip clip, Task task, PromptContext context, Supplier<Loss> loss) {
        this.method = method;
        this.clip = clip;
        this.task = task;
        this.context = context;
        this.prompts = Prompts.of(clip, context.layout(clip.tokenizer()), task.classNames());
        this.loss = loss;
    }

    @Override
    public Classifier fit(FewShotFeatures data, Fit fit) throws IOException {
        PromptEncoder encoder = clip.promptEncoder(prompts);
        LearnedTensor ctx = context.initial(clip, task.classNames().size(), task.seed());
        Objective objective = objective(ctx, loss.get());
        try (BatchTrainable model =
                new BatchTrainable(
                        data.train(),
                        true,
                        objective.learned(),
                        batch -> encoder.step(objective, batch, fit.memory()))) {
            int images = data.train().size();
            fit.train(model, BatchOrder.shuffled(images, fit.training().batch(), fit.seed()));
        }
        return classifier(clip, file(ctx), encoder.features(objective, fit.memory()));
    }

    /** Context vectors that are learned by a loss. */
    static Objective objective(LearnedTensor ctx, Loss loss) {
        return new Objective() {
            @Override
            public List<LearnedTensor> learned() {
                return List.of(ctx);
            }

            @Override
            public SDVariable loss(StepGraph step, SDVariable classFeatures) {
                return loss.of(step, classFeatures);
            }
        };
    }

    @Override
    public double work(int images, Training training) {
        int batches = BatchOrder.shuffled(Math.max(1, images), training.batch(), 0).batches();
        // Forward, and back without gradients of the weights; then once forward for the test.
        return Prompts.work(clip, prompts) * (2.0 * training.epochs() * batches + 1);
    }

    private ClassifierFile file(LearnedTensor ctx) throws IOException {
        int width = (int) ctx.shape()[1];
        int classes = task.classNames().size();
        PromptLayout layout = context.layout(clip.tokenizer());
        return ClassifierFile.of(method, task.classNames(), clip.model().sha256())
                .with(PromptContext.CTX, layout.shape(classes, width), ctx.values());
    }

    /**
     * The classifier of learned context vectors.
     *
     * @throws IOException if they are not those that the layout says
     */
    static Classifier read(Clip clip, ClassifierFile file, PromptContext context)
            throws IOException {
        int width = clip.architecture().text().width();
        PromptLayout layout = context.layout(clip.tokenizer());
        file.require(PromptContext.CTX, layout.shape(file.classNames().size(), width));
        return encoded(clip, file, layout);
    }

    private static Classifier encoded(Clip clip, ClassifierFile file, PromptLayout layout) {
        float[] ctx = file.tensor(PromptContext.CTX).values();
        int width = clip.architecture().text().width();
        PromptEncoder encoder = clip.promptEncoder(Prompts.of(clip, layout, file.classNames()));
        LearnedTensor vectors = LearnedTensor.of(PromptContext.CTX, ctx, ctx.length / width, width);
        Objective noLoss = objective(vectors, (step, features) -> features);
        return classifier(clip, file, layout, encoder.features(noLoss, MemoryLimit.none()));
    }

    private Classifier classifier(Clip model, ClassifierFile file, FeatureMatrix features) {
        return classifier(model, file, context.layout(model.tokenizer()), features);
    }

    private static Classifier classifier(
            Clip clip, ClassifierFile file, PromptLayout layout, FeatureMatrix features) {
        return new CosineClassifier(
                file,
                features.normalized(),
                clip.logitScale(),
                names -> encoded(clip, forClasses(file, layout, names), layout));
    }

    /** A unified context takes any names; of a class-specific one each class keeps its vectors. */
    private static ClassifierFile forClasses(
            ClassifierFile file, PromptLayout layout, List<String> names) {
        if (!layout.classSpecific()) {
            return file.withClassNames(names);
        }
        int[] positions;
        try {
            positions = ClassNames.positions(names, file.classNames());
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "a class-specific context has vectors for its own classes alone: "
                            + e.getMessage(),
                    e);
        }
        return file.withClassNames(names).withRows(PromptContext.CTX, positions);
    }
}
