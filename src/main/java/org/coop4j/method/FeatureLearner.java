package org.coop4j.method;

import java.io.IOException;
import java.util.List;
import java.util.function.IntToDoubleFunction;
import org.coop4j.clip.Clip;
import org.coop4j.clip.StepGraph;
import org.coop4j.data.FeatureSet;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.train.BatchOrder;
import org.coop4j.train.Training;
import org.nd4j.autodiff.samediff.SDVariable;

/** Learns from image features alone, the towers' part done: by a loss, or in closed form. */
final class FeatureLearner implements Learner {

    private final Clip clip;
    private final Task task;
    private final PromptEnsemble prompts; // null where there are none
    private final IntToDoubleFunction rows;
    private final Start start;

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

        /** Whether the loss takes features divided by their norm. */
        default boolean normalized() {
            return true;
        }

        /** Batches of the samples. */
        default BatchOrder order(int samples, Fit fit) {
            return BatchOrder.shuffled(samples, fit.training().batch(), fit.seed());
        }

        /** What was learned. */
        Classifier classifier() throws IOException;
    }

    /** Makes the model when training begins. */
    interface Start {
        Model of(FewShotFeatures data, Fit fit) throws IOException;
    }

    /**
     * @param prompts whose text features the model begins with, or null
     * @param rows how many rows of weights each image meets, by the number of images
     * @throws org.coop4j.text.TextTooLongException if a prompt exceeds the context length
     */
    FeatureLearner(
            Clip clip, Task task, PromptEnsemble prompts, IntToDoubleFunction rows, Start start) {
        this.clip = clip;
        this.task = task;
        this.prompts = prompts;
        this.rows = rows;
        this.start = start;
        if (prompts != null) {
            prompts.requireFit(clip, task.classNames());
        }
    }

    @Override
    public Classifier fit(FewShotFeatures data, Fit fit) throws IOException {
        Model model = start.of(data, fit);
        if (!model.learned().isEmpty()) {
            FeatureSet samples = model.samples(data.train());
            try (BatchTrainable trainable =
                    trainable(clip, model, samples, task.classNames().size())) {
                fit.train(trainable, model.order(samples.size(), fit));
            }
        }
        return model.classifier();
    }

    /** The model's loss of batches of samples. */
    static BatchTrainable trainable(Clip clip, Model model, FeatureSet samples, int classes) {
        return new BatchTrainable(
                samples,
                model.normalized(),
                model.learned(),
                batch -> clip.step(model.learned(), batch, samples.width(), classes, model::loss));
    }

    @Override
    public double work(int images, Training training) {
        double products = rows.applyAsDouble(images) * clip.architecture().embedDim() * images;
        // Forward, and back in the weights; the text tower once.
        return 2 * products * Math.max(1, training.epochs())
                + (prompts == null ? 0 : prompts.work(clip, task.classNames().size()));
    }
}
