package org.coop4j.method;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.coop4j.base.Numbers;
import org.coop4j.base.Progress;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.clip.Parameters;
import org.coop4j.clip.PromptEncoder;
import org.coop4j.clip.StepGraph;
import org.coop4j.data.FeatureSet;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.Method.Group;
import org.coop4j.method.Method.Learner;
import org.coop4j.method.Method.Task;
import org.coop4j.method.PromptEnsemble.ClassDescriptions;
import org.coop4j.method.Training.BatchOrder;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * Learns prompts by a method's loss (the reference's {@code PromptLearner}, {@code CustomCLIP} and trainer around a
 * loss).
 *
 * <p>The images are features, encoded once; every step encodes all class prompts with the current context. Only the
 * method's tensors are trained.
 *
 * @param prompts one prompt per class, with context vectors among its tokens
 */
record PromptLearner(PromptMethod method, Clip clip, Task task, List<int[]> prompts) implements Learner {

    /**
     * A method's tensors in the text tower, and its loss.
     *
     * @param learned the context first
     * @param teacher normalised features of the method's teacher, one row per class, or null
     */
    record Objective(PromptMethod method, List<LearnedTensor> learned, FeatureMatrix teacher)
            implements PromptEncoder.Vectors, PromptEncoder.Loss {

        /**
         * @param own the data's own prompt, or null
         */
        static Objective of(
                PromptMethod method,
                Clip clip,
                List<LearnedTensor> learned,
                String own,
                ClassDescriptions descriptions,
                List<String> classNames) {
            return new Objective(method, learned, method.teacher(clip, own, descriptions, classNames));
        }

        @Override
        public SDVariable context(StepGraph step) {
            return method.vectors().in(step);
        }

        @Override
        public Map<Integer, PromptEncoder.Replacement> replacements(StepGraph step) {
            return method.replacements(step, teacher);
        }

        @Override
        public Parameters.Changes changes(Parameters.Learned graph) {
            return method.changes(graph);
        }

        @Override
        public FeatureKind images() {
            return method.features();
        }

        @Override
        public SDVariable of(StepGraph step, SDVariable classFeatures) {
            return method.loss(teacher).of(step, classFeatures);
        }
    }

    /**
     * Returns the learner of a method.
     *
     * @throws org.coop4j.base.RefusedException if a prompt exceeds the context length, naming its class
     */
    static PromptLearner of(PromptMethod method, Clip clip, Task task) {
        PromptMethod resolved = ((PromptMethod) method.in(clip)).resolved(clip, task.template());
        List<String> names = task.classNames();
        String template = resolved.teacher(task.template());
        if (template != null) {
            PromptEnsemble.of(template).requireFit(clip, names);
        }
        return new PromptLearner(resolved, clip, task, resolved.prompts(clip, names));
    }

    /** Returns what is learned before training; the teacher's prompts run through the text tower. */
    Objective objective() {
        return Objective.of(
                method, clip, method.initial(clip, task), task.template(), task.descriptions(), task.classNames());
    }

    @Override
    public Classifier fit(FewShotFeatures data, Trainer trainer) throws IOException {
        clip.encodeTexts(task.classNames().subList(0, 1)); // refuses a damaged text tower, before a loss shows it
        return fit(objective(), data, trainer);
    }

    Classifier fit(Objective learning, FewShotFeatures data, Trainer trainer) throws IOException {
        PromptEncoder encoder = clip.promptEncoder(prompts);
        try (BatchStep step = step(encoder, learning, data.train(), trainer.memory())) {
            BatchOrder order = method.order(data.train().size(), prompts.size(), trainer);
            Optimizer optimizer = method.optimizer(trainer.training(), order.batches());
            if (method.group() == Group.TOWERS && trainer.progress() != Progress.NONE && !trainer.resumes()) {
                trainer.progress().note(cost(seconds(step, order), order, data.train(), trainer.training()));
            }
            trainer.train(step, order, optimizer);
            optimizer.finish(learning.learned);
        }
        ClassifierFile file = ClassifierFile.of(method, task.classNames(), clip.modelSha256());
        for (LearnedTensor tensor : learning.learned) {
            file = file.with(tensor);
        }
        Classifier learned = new PromptClassifier(method, clip, file).classifier(encoder, learning, trainer.memory());
        ClassifierFile finished = method.finished(clip, learned, data, trainer);
        return finished.equals(learned.save()) ? learned : PromptClassifier.read(method, clip, finished);
    }

    @Override
    public double seconds(FewShotFeatures data, Trainer trainer) {
        if (method.group() != Group.TOWERS) {
            return 0;
        }
        PromptEncoder encoder = clip.promptEncoder(prompts);
        try (BatchStep step = step(encoder, objective(), data.train(), trainer.memory())) {
            BatchOrder order = method.order(data.train().size(), prompts.size(), trainer);
            return seconds(seconds(step, order), order, data.train(), trainer.training());
        }
    }

    /** Returns the seconds of a step, by one that changes nothing. */
    private static double seconds(BatchStep step, BatchOrder order) {
        int[] batch = order.epoch(0)[0];
        step.run(0, batch); // plans it
        long began = System.nanoTime();
        step.run(0, batch);
        return (System.nanoTime() - began) / 1e9;
    }

    /** Returns the seconds of all steps and of encoding after them; a forward pass takes about half of a step. */
    private double seconds(double each, BatchOrder order, FeatureSet images, Training training) {
        double encoded = method.encodesAfterTraining() ? (double) images.size() * images.views() : 0;
        return each * (training.epochs() * order.batches() + encoded / order.epoch(0)[0].length / 2);
    }

    /** Returns what a training costs whose steps take seconds. */
    private String cost(double seconds, BatchOrder order, FeatureSet images, Training training) {
        long steps = (long) training.epochs() * order.batches();
        long bytes = (long) images.size() * images.views() * images.width() * Short.BYTES;
        return String.format(
                Locale.ROOT,
                "training on %s in %s: %d steps of %d, %.2g s each by a measured one%s: about %s%s",
                Numbers.count(images.size(), "image"),
                Numbers.count(images.views(), "view"),
                steps,
                order.epoch(0)[0].length,
                seconds,
                method.encodesAfterTraining() ? ", then encoding" : "",
                Numbers.duration(Duration.ofMillis(Math.round(1000 * seconds(seconds, order, images, training)))),
                method.features() instanceof FeatureKind.Tokens
                        ? "; %s of tokens in the bank".formatted(Numbers.bytes(bytes))
                        : "");
    }

    /** Returns the step of a loss over batches of images. */
    BatchStep step(PromptEncoder encoder, Objective learning, FeatureSet images, MemoryLimit memory) {
        BatchStep step = new BatchStep(
                        images,
                        method.features() == FeatureKind.EMBEDDED,
                        learning.learned,
                        batch -> encoder.step(learning, learning, batch, memory))
                .with(method.targets(task.classNames().size()));
        return method.perImage() ? step.oneByOne() : step;
    }
}
