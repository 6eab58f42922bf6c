package org.coop4j.method;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.StepGraph;
import org.coop4j.data.FeatureSet;
import org.coop4j.eval.Labels;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.method.ClassifierFile.Origin;
import org.coop4j.method.LinearHead.ClassRows;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.Method.Learner;
import org.coop4j.method.Method.Task;
import org.coop4j.method.PromptEnsemble.TextPrompts;
import org.coop4j.method.Training.BatchOrder;
import org.coop4j.text.Tokenizer;
import org.nd4j.autodiff.samediff.SDVariable;

/** A method that learns from image features alone, by gradient steps or in closed form; the text tower runs once. */
public interface FeatureMethod extends Method {

    /** Returns hand-written prompts of the text features; null if the method uses no text. */
    TextPrompts prompts();

    /** Returns the head before training. */
    Head start(ClassTexts texts, FewShotFeatures data, Trainer trainer) throws IOException;

    /**
     * Returns the head before training with the settings that this method chose for a classifier.
     *
     * @param data without val images
     */
    default Head settled(ClassifierFile learned, ClassTexts texts, FewShotFeatures data, Trainer trainer)
            throws IOException {
        return ((FeatureMethod) learned.method()).start(texts, data, trainer);
    }

    /**
     * Returns a learner whose prompts have been checked.
     *
     * @throws org.coop4j.text.Tokenizer.TextTooLongException if a prompt exceeds the context length
     */
    @Override
    default Learner learner(FeatureSpace space, Task task) {
        List<String> names = task.classNames();
        PromptEnsemble ensemble = prompts() == null ? null : prompts().of(task);
        if (ensemble != null) {
            ensemble.requireFit(space, names);
        }
        // A file does not record the data's own prompt.
        Method used = ensemble == null ? this : with(Map.of("templates", ensemble.templates(), "own", false));
        ClassTexts texts = new ClassTexts(ensemble, space, names);
        return new Learner() {
            @Override
            public Classifier fit(FewShotFeatures data, Trainer trainer) throws IOException {
                return fitted(used, start(texts, data, trainer), texts, data, trainer);
            }

            @Override
            public Learner settled(ClassifierFile learned) {
                return learned.method().equals(used) && learned.origin().equals(Origin.NONE)
                        ? this
                        : (data, trainer) -> {
                            FewShotFeatures train = new FewShotFeatures(
                                    data.train(), FeatureSet.none(data.train().width()), data.sums());
                            Head head = FeatureMethod.this.settled(learned, texts, train, trainer);
                            return fitted(learned.method(), head, texts, train, trainer);
                        };
            }
        };
    }

    private static Classifier fitted(Method used, Head head, ClassTexts texts, FewShotFeatures data, Trainer trainer)
            throws IOException {
        head.train(texts.space, data, texts.classNames.size(), trainer);
        return head.addTo(ClassifierFile.of(used, texts.classNames, texts.space.modelSha256()))
                .open(texts.space);
    }

    /** Class weights or an adapter on frozen features, before and after training; by default in closed form. */
    class Head {

        private final UnaryOperator<ClassifierFile> tensors;
        private final List<LearnedTensor> learned;

        /**
         * @param tensors adds the tensors of the trained classifier to a file
         * @param learned tensors changed by gradient steps; none for a closed form
         */
        public Head(UnaryOperator<ClassifierFile> tensors, LearnedTensor... learned) {
            this.tensors = tensors;
            this.learned = List.of(learned);
        }

        /** Returns the tensors changed by gradient steps. */
        public List<LearnedTensor> learned() {
            return learned;
        }

        /** Returns the loss of a batch, a scalar. */
        public SDVariable loss(StepGraph step) {
            throw new IllegalStateException("a closed form has no loss");
        }

        /** Returns the examples that batches are drawn from. */
        public FeatureSet samples(FeatureSet images) {
            return images;
        }

        /** Returns what weighs the entries of a batch with several labels per image; null for single labels. */
        public Function<List<Labels>, float[][]> targets() {
            return null;
        }

        /** Returns true if the loss takes features divided by their norm. */
        public boolean normalized() {
            return true;
        }

        /** Returns the batches of an epoch. */
        public BatchOrder order(int samples, Trainer trainer) {
            return trainer.shuffled(samples);
        }

        /** Returns the optimizer of a training. */
        public Optimizer optimizer(Training training) {
            return new Optimizer(training);
        }

        /** Adds the tensors of the trained classifier to a file. */
        public ClassifierFile addTo(ClassifierFile file) {
            return tensors.apply(file);
        }

        /** Trains the tensors that are learned by gradient steps, if there are any. */
        final void train(FeatureSpace space, FewShotFeatures data, int classes, Trainer trainer) throws IOException {
            if (!learned().isEmpty()) {
                FeatureSet samples = samples(data.train());
                try (BatchStep step = step(space, samples, classes)) {
                    trainer.train(step, order(samples.size(), trainer), optimizer(trainer.training()));
                }
            }
        }

        /** Returns the step of the loss over batches of samples. */
        final BatchStep step(FeatureSpace space, FeatureSet samples, int classes) {
            return new BatchStep(
                            samples,
                            normalized(),
                            learned(),
                            batch -> space.step(learned(), batch, samples.width(), classes, this::loss))
                    .with(targets());
        }
    }

    /**
     * Text features of some classes.
     *
     * @param prompts hand-written prompts, or null if the method has none
     */
    record ClassTexts(PromptEnsemble prompts, FeatureSpace space, List<String> classNames) {

        /** Returns normalised features, one row per class. */
        public FeatureMatrix weights() {
            return prompts.classWeights(space, classNames);
        }

        /**
         * Returns features that are not normalised, averaged over the templates, one row per class. They differ from
         * {@link #weights} in direction too if the norms differ.
         */
        public FeatureMatrix raw() {
            return prompts.mean(ofAllPrompts(), space, classNames);
        }

        /** Returns features of each class's templates, then its sentences, not normalised. */
        public List<FeatureMatrix> ofEachClass() {
            FeatureSet all = samples();
            FeatureMatrix rows = all.matrix();
            return IntStream.range(0, classNames.size())
                    .mapToObj(k -> rows.rows(IntStream.range(0, all.size())
                            .filter(i -> all.label(i) == k)
                            .toArray()))
                    .toList();
        }

        /** Returns all texts with their classes, not normalised: template after template, then the sentences. */
        public FeatureSet samples() {
            FeatureMatrix ofTemplates = ofAllPrompts();
            int classes = classNames.size();
            FeatureSet templates = FeatureSet.of(
                    ofTemplates, IntStream.range(0, ofTemplates.rows()).map(i -> i % classes));
            return prompts.descriptions().isEmpty()
                    ? templates
                    : FeatureSet.joined(
                            templates,
                            FeatureSet.of(
                                    prompts.sentenceFeatures(space, classNames),
                                    IntStream.of(prompts.sentenceClasses(classNames))));
        }

        /** Returns features that are not normalised, [templates · classes, embed], template after template. */
        public FeatureMatrix ofAllPrompts() {
            List<float[]> rows = new ArrayList<>();
            for (String template : prompts.templates()) {
                List<String> texts = PromptEnsemble.texts(template, classNames);
                rows.addAll(List.of(
                        space.encodeTexts(texts, Tokenizer.Overflow.FAIL).toRows()));
            }
            return FeatureMatrix.of(rows, space.embedDim());
        }
    }

    /**
     * Reads tensors with one row of features per class; a class that was not learned gets its text features in each.
     *
     * @param texts text features of such classes
     * @throws IOException if a tensor is missing or has another shape
     */
    default ClassRows classRows(
            FeatureSpace space, ClassifierFile file, Function<ClassTexts, FeatureMatrix> texts, String... tensors)
            throws IOException {
        file.requireClassRows(space, tensors);
        return new ClassRows(space, file, List.of(tensors), names -> {
            float[] rows = texts.apply(textsOfFile(space, file, names)).toArray();
            return Stream.of(tensors).collect(Collectors.toMap(tensor -> tensor, tensor -> rows));
        });
    }

    /** Returns text features of classes by the prompts and descriptions with which a file was learned. */
    default ClassTexts textsOfFile(FeatureSpace space, ClassifierFile file, List<String> classNames) {
        PromptEnsemble ensemble =
                new PromptEnsemble(prompts().templates()).with(file.origin().descriptions());
        return new ClassTexts(ensemble, space, classNames);
    }
}
