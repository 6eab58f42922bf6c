package org.coop4j.method;

import java.io.IOException;
import java.util.List;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.StepGraph;
import org.coop4j.data.FeatureSet;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.method.train.BatchOrder;
import org.coop4j.method.train.Trainer;
import org.coop4j.method.train.Training;
import org.coop4j.method.train.Training.Schedule;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * Class prototypes that begin as the raw text features and are trained on all views of all images:
 * what ZS-LP and CLAP have in common.
 *
 * @param text raw text features, one row a class
 * @param images number of training images
 */
record LinearPrototypes(FeatureMatrix text, int images, Penalty penalty, LearnedTensor prototypes)
        implements FeatureLearner.Model {

    private static final String PROTOTYPES = "prototypes";
    private static final String TEXT = "base_text_features";

    /** What is added to the cross-entropy. */
    interface Penalty {

        /** Nothing. */
        Penalty NONE = (crossEntropy, step, w) -> crossEntropy;

        /**
         * The loss with the penalty.
         *
         * @param w the prototypes, [classes, embed]
         * @param crossEntropy of the batch, a scalar
         */
        SDVariable addedTo(SDVariable crossEntropy, StepGraph step, SDVariable w);
    }

    /** Makes the penalty of raw text features and training images. */
    interface Penalties {
        Penalty of(FeatureMatrix text, FeatureSet train);
    }

    LinearPrototypes(FeatureMatrix text, int images, Penalty penalty) {
        this(text, images, penalty, text.learned(PROTOTYPES));
    }

    static Learner learner(
            Method method,
            FeatureSpace space,
            Task task,
            TextPrompts prompts,
            Penalties penalties) {
        return new FeatureLearner(
                method,
                space,
                task,
                prompts,
                images -> task.classNames().size(),
                (texts, data, trainer) -> {
                    FeatureMatrix text = texts.raw();
                    Penalty penalty = penalties.of(text, data.train());
                    return new LinearPrototypes(text, data.train().size(), penalty);
                });
    }

    /** SGD at 0.1 without decay, batch 256, 300 epochs (the reference's configuration). */
    static Training training() {
        return Training.sgd(300, 256, 0.1, 0, Schedule.EPOCH_COSINE);
    }

    @Override
    public List<LearnedTensor> learned() {
        return List.of(prototypes);
    }

    @Override
    public SDVariable loss(StepGraph step) {
        SDVariable w = step.learned(PROTOTYPES); // [classes, embed]
        SDVariable logits = step.cosineLogits(step.ops().normalizeRows(w)); // [batch, classes]
        return penalty.addedTo(step.crossEntropy(logits), step, w);
    }

    @Override
    public FeatureSet samples(FeatureSet train) {
        return Views.pooled(train);
    }

    /** As many batches as the images fill, drawn from the pool of all views. */
    @Override
    public BatchOrder order(int samples, Trainer trainer) {
        int batch = trainer.training().batch();
        int batches = Math.max(1, images / batch);
        return BatchOrder.of(samples, Math.min(samples, batch), batches, trainer.seed());
    }

    @Override
    public ClassifierFile addTo(ClassifierFile file) {
        return file.with(prototypes).with(TEXT, text);
    }

    /**
     * The classifier of trained prototypes. A class that was not trained has its text features: its
     * zero-shot weights.
     *
     * @throws IOException if they are not those of this model and these classes
     */
    static Classifier read(FeatureSpace space, ClassifierFile file, PromptEnsemble prompts)
            throws IOException {
        file.requireClassRows(space, PROTOTYPES, TEXT);
        return ClassRows.ofTexts(names -> prompts.rawWeights(space, names), PROTOTYPES, TEXT)
                .cosines(space, file, rows -> rows.matrix(PROTOTYPES).normalized());
    }
}
