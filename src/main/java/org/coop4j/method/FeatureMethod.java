package org.coop4j.method;

import java.io.IOException;
import java.util.List;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.StepGraph;
import org.coop4j.data.FeatureSet;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.method.PromptEnsemble.TextPrompts;
import org.coop4j.method.train.BatchOrder;
import org.coop4j.method.train.BatchStep;
import org.coop4j.method.train.Optimizer;
import org.coop4j.method.train.Trainer;
import org.coop4j.method.train.Training;
import org.nd4j.autodiff.samediff.SDVariable;

/** A method that learns from image features alone, by a loss or in closed form; the text tower runs once. */
public non-sealed interface FeatureMethod extends Method {

    /** Hand-written prompts of the text features; null where it needs none. */
    TextPrompts prompts();

    /** What it learns, before training. */
    Model start(Texts texts, FewShotFeatures data, Trainer trainer) throws IOException;

    /** Number of rows of weights that each image meets in an epoch, about. */
    double rows(FeatureSpace space, int classes, int images);

    /**
     * A learner that has checked the prompts.
     *
     * @throws org.coop4j.text.TextTooLongException if a prompt exceeds the context length
     */
    @Override
    default Learner learner(FeatureSpace space, Task task) {
        PromptEnsemble ensemble = prompts() == null ? null : prompts().of(task);
        if (ensemble != null) {
            ensemble.requireFit(space, task.classNames());
        }
        Method used = ensemble == null ? this : TextPrompts.used(this, ensemble);
        Texts texts = new Texts(ensemble, space, task);
        return new Learner() {
            @Override
            public Classifier fit(FewShotFeatures data, Trainer trainer) throws IOException {
                Model model = start(texts, data, trainer);
                train(space, model, data, texts.classes(), trainer);
                return model.addTo(ClassifierFile.of(used, task.classNames(), space.modelSha256()))
                        .open(space);
            }

            @Override
            public double work(int images, Training training) {
                double products = rows(space, texts.classes(), images) * space.embedDim() * images;
                // Forward, and back in the weights; the text tower once.
                return 2 * products * Math.max(1, training.epochs())
                        + (ensemble == null ? 0 : ensemble.work(space, texts.classes()));
            }
        };
    }

    /** A method's model before and after its training. */
    interface Model {

        /** What is learned by steps; nothing, for a closed form. */
        default List<LearnedTensor> learned() {
            return List.of();
        }

        /**
         * The loss of a batch.
         *
         * @return a scalar
         */
        default SDVariable loss(StepGraph step) {
            throw new IllegalStateException("nothing is learned by steps");
        }

        /** What batches are made of. */
        default FeatureSet samples(FeatureSet images) {
            return images;
        }

        /** Returns true if the loss takes features divided by their norm. */
        default boolean normalized() {
            return true;
        }

        /** Batches of the samples. */
        default BatchOrder order(int samples, Trainer trainer) {
            return trainer.shuffled(samples);
        }

        /** What moves the learned tensors. */
        default Optimizer optimizer(Training training) {
            return training.newOptimizer();
        }

        /** A file without tensors, with those that its classifier consists of added. */
        ClassifierFile addTo(ClassifierFile file) throws IOException;
    }

    /**
     * The text features of the task's classes.
     *
     * @param prompts hand-written prompts, or null where the method has none
     */
    record Texts(PromptEnsemble prompts, FeatureSpace space, Task task) {

        /** Number of classes. */
        int classes() {
            return task.classNames().size();
        }

        /** Normalised, one row per class. */
        FeatureMatrix weights() {
            return prompts.classWeights(space, task.classNames());
        }

        /** As the tower gives them, their mean over the templates, one row per class. */
        FeatureMatrix raw() {
            return prompts.rawWeights(space, task.classNames());
        }

        /** As the tower gives them, [templates · classes, embed]. */
        FeatureMatrix ofAllPrompts() {
            return prompts.features(space, task.classNames());
        }
    }

    /** Trains what is learned by steps, if anything is. */
    static void train(FeatureSpace space, Model model, FewShotFeatures data, int classes, Trainer trainer)
            throws IOException {
        if (!model.learned().isEmpty()) {
            FeatureSet samples = model.samples(data.train());
            try (BatchStep step = step(space, model, samples, classes)) {
                trainer.train(step, model.order(samples.size(), trainer), model.optimizer(trainer.training()));
            }
        }
    }

    /** The model's loss of batches of samples. */
    static BatchStep step(FeatureSpace space, Model model, FeatureSet samples, int classes) {
        return new BatchStep(
                samples,
                model.normalized(),
                model.learned(),
                batch -> space.step(model.learned(), batch, samples.width(), classes, model::loss));
    }
}
