package org.coop4j.method;

import java.io.IOException;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.clip.PromptEncoder;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.method.train.BatchOrder;
import org.coop4j.method.train.BatchStep;
import org.coop4j.method.train.Trainer;
import org.coop4j.method.train.Training;

/**
 * Learns context vectors by a method's loss (the reference's {@code PromptLearner}, {@code
 * CustomCLIP} and trainer around a loss).
 *
 * <p>The images are features, encoded once; every step encodes all class prompts with the context
 * as it is. Nothing but the method's tensors is trained.
 */
final class PromptLearner implements Learner {

    /**
     * The normalised features of the prompts in a file, [classes, embed]: they follow from the
     * learned tensors, by the text tower, which whoever classifies need not run.
     */
    private static final String CLASS_WEIGHTS = "class_weights";

    private final Method method;
    private final Clip clip;
    private final Task task;
    private final Form form;
    private final List<int[]> prompts;
    private final Supplier<Objective> objective;

    /** What is learned, and the loss that it is learned by. */
    record Objective(PromptEncoder.Vectors vectors, PromptEncoder.Loss loss) {}

    /** Context vectors alone. */
    record ContextVectors(List<LearnedTensor> learned) implements PromptEncoder.Vectors {

        static ContextVectors of(LearnedTensor ctx) {
            return new ContextVectors(List.of(ctx));
        }
    }

    /** What a method makes of class names and learned tensors. */
    interface Form {

        /**
         * The prompts, context vectors among their tokens.
         *
         * @throws PromptTooLongException if one exceeds the context length, naming its class
         */
        List<int[]> prompts(Clip clip, List<String> classNames);

        /** What the tensors of a file do in the text tower. */
        PromptEncoder.Vectors vectors(Clip clip, ClassifierFile file);

        /** The file of other classes. */
        default ClassifierFile forClasses(ClassifierFile file, List<String> names) {
            return file.withClassNames(names);
        }

        /** Whether the prompts depend on the image. */
        default boolean perImage() {
            return false;
        }
    }

    /**
     * Context vectors laid out so, among class names.
     *
     * @param tensors what the tensors of a file do in the text tower
     */
    record ContextForm(
            PromptLayout layout, boolean perImage, Function<List<LearnedTensor>, PromptEncoder.Vectors> tensors)
            implements Form {

        @Override
        public List<int[]> prompts(Clip clip, List<String> classNames) {
            return Prompts.of(clip, layout, classNames);
        }

        @Override
        public PromptEncoder.Vectors vectors(Clip clip, ClassifierFile file) {
            return tensors.apply(PromptLearner.tensors(file));
        }

        @Override
        public ClassifierFile forClasses(ClassifierFile file, List<String> names) {
            return layout.classSpecific() ? ofOwnClasses(file, names) : file.withClassNames(names);
        }
    }

    /**
     * @param objective made when training begins, with the tensors as they are before: what it
     *     takes from the text tower is computed then
     * @throws PromptTooLongException if a prompt exceeds the context length, naming its class
     */
    PromptLearner(Method method, Clip clip, Task task, Form form, Supplier<Objective> objective) {
        this.method = method;
        this.clip = clip;
        this.task = task;
        this.form = form;
        this.prompts = form.prompts(clip, task.classNames());
        this.objective = objective;
    }

    /** Learns nothing but context vectors. */
    static PromptLearner ofContext(
            Method method, Clip clip, Task task, PromptContext context, Supplier<PromptEncoder.Loss> loss) {
        return new PromptLearner(
                method,
                clip,
                task,
                form(clip, context),
                () -> new Objective(
                        ContextVectors.of(context.initial(clip, task.classNames().size(), task.seed())), loss.get()));
    }

    @Override
    public Classifier fit(FewShotFeatures data, Trainer trainer) throws IOException {
        PromptEncoder encoder = clip.promptEncoder(prompts);
        Objective learning = objective.get();
        List<LearnedTensor> learned = learning.vectors.learned();
        try (BatchStep step = new BatchStep(
                data.train(),
                true,
                learned,
                batch -> encoder.step(learning.vectors, learning.loss, batch, trainer.memory()))) {
            trainer.train(
                    form.perImage() ? step.oneByOne() : step,
                    trainer.shuffled(data.train().size()),
                    trainer.training().newOptimizer());
        }
        ClassifierFile file = file(method, clip, task.classNames(), learned);
        return classifier(clip, file, form, trainer.memory());
    }

    @Override
    public double work(int images, Training training) {
        int steps =
                form.perImage()
                        ? images
                        : BatchOrder.shuffled(Math.max(1, images), training.batch(), 0).batches();
        // Forward, and back without gradients of the weights; then once forward for the test.
        return Prompts.work(clip, prompts) * (2.0 * training.epochs() * steps + 1);
    }

    /** Context vectors laid out so, and nothing else. */
    static Form form(Clip clip, PromptContext context) {
        return new ContextForm(
                context.layout(clip), false, tensors -> ContextVectors.of(tensors.get(0)));
    }

    /** A unified context takes any names; of a class-specific one each class keeps its vectors. */
    private static ClassifierFile ofOwnClasses(ClassifierFile file, List<String> names) {
        int[] positions = ClassRows.learned("a class-specific context", names, file.classNames());
        return file.withClassNames(names).withRows(PromptContext.CTX, positions);
    }

    /** A file of learned tensors. */
    static ClassifierFile file(
            Method method, Clip clip, List<String> classNames, List<LearnedTensor> learned)
            throws IOException {
        ClassifierFile file = ClassifierFile.of(method, classNames, clip.modelSha256());
        for (LearnedTensor tensor : learned) {
            file = file.with(tensor);
        }
        return file;
    }

    /** The learned tensors of a file, in its order. */
    static List<LearnedTensor> tensors(ClassifierFile file) {
        return file.tensorNames().stream()
                .filter(name -> !name.equals(CLASS_WEIGHTS))
                .map(
                        name -> {
                            ClassifierFile.Tensor tensor = file.tensor(name);
                            return LearnedTensor.of(
                                    name, tensor.values(), tensor.shape().toArray());
                        })
                .toList();
    }

    /**
     * The classifier of learned context vectors.
     *
     * @throws IOException if they are not those that the layout says
     */
    static Classifier read(Clip clip, ClassifierFile file, PromptContext context)
            throws IOException {
        context.require(clip, file);
        return read(clip, file, form(clip, context));
    }

    /**
     * The classifier of the tensors of a file; where the class weights are among them, nothing is
     * encoded.
     *
     * @throws IOException if the class weights are not a row for each class
     */
    static Classifier read(Clip clip, ClassifierFile file, Form form) throws IOException {
        if (!file.tensorNames().contains(CLASS_WEIGHTS)) {
            return classifier(clip, file, form, MemoryLimit.none());
        }
        file.requireClassRows(clip, CLASS_WEIGHTS);
        return ofClassWeights(clip, file, form);
    }

    private static Classifier classifier(
            Clip clip, ClassifierFile file, Form form, MemoryLimit memory) {
        if (form.perImage()) {
            return new PerImageClassifier(clip, file, form, memory);
        }
        FeatureMatrix weights =
                clip.promptEncoder(form.prompts(clip, file.classNames()))
                        .features(form.vectors(clip, file), memory)
                        .normalized();
        return ofClassWeights(clip, file.with(CLASS_WEIGHTS, weights), form);
    }

    private static Classifier ofClassWeights(Clip clip, ClassifierFile file, Form form) {
        ClassifierFile learned = file.without(CLASS_WEIGHTS);
        return new LinearHead.OfFile(
                LinearHead.withoutBias(file.matrix(CLASS_WEIGHTS), clip.logitScale()),
                file,
                names ->
                        classifier(
                                clip, form.forClasses(learned, names), form, MemoryLimit.none()));
    }
}
