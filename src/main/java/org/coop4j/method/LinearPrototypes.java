package org.coop4j.method;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.StepGraph;
import org.coop4j.data.FeatureSet;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.train.BatchOrder;
import org.coop4j.train.Optimizer;
import org.coop4j.train.Schedule;
import org.coop4j.train.Training;
import org.coop4j.weights.Shape;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * Class prototypes that begin as the raw text features and are trained on all views of all images:
 * what ZS-LP and CLAP have in common.
 */
final class LinearPrototypes implements FeatureLearner.Model {

    static final String PROTOTYPES = "prototypes";
    static final String TEXT = "base_text_features";

    private final Method method;
    private final Clip clip;
    private final Task task;
    private final PromptEnsemble prompts;
    private final FeatureMatrix text;
    private final int images;
    private final LearnedTensor prototypes;
    private final Penalty penalty;

    /** What is added to the cross-entropy. */
    interface Penalty {

        /**
         * The loss with the penalty.
         *
         * @param w the prototypes, [classes, embed]
         * @param crossEntropy of the batch, a scalar
         */
        SDVariable addedTo(SDVariable crossEntropy, StepGraph step, SDVariable w);
    }

    /**
     * @param text raw text features, one row a class
     * @param images number of training images
     */
    LinearPrototypes(
            Method method,
            Clip clip,
            Task task,
            PromptEnsemble prompts,
            FeatureMatrix text,
            int images,
            Penalty penalty) {
        this.method = method;
        this.clip = clip;
        this.task = task;
        this.prompts = prompts;
        this.text = text;
        this.images = images;
        this.penalty = penalty;
        this.prototypes = LearnedTensor.of(PROTOTYPES, text.toArray(), text.rows(), text.width());
    }

    /** SGD at 0.1 without decay, batch 256, 300 epochs (the reference's configuration). */
    static Training training() {
        return new Training(
                300,
                256,
                Optimizer.Kind.SGD,
                0.1,
                0.9,
                0,
                1e-8,
                Schedule.Kind.EPOCH_COSINE,
                1,
                1e-5);
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
    public BatchOrder order(int samples, Fit fit) {
        int batch = fit.training().batch();
        int batches = Math.max(1, images / batch);
        return BatchOrder.of(samples, Math.min(samples, batch), batches, fit.seed());
    }

    @Override
    public Classifier classifier() throws IOException {
        Shape shape = Shape.of(text.rows(), text.width());
        ClassifierFile file =
                ClassifierFile.of(method, task.classNames(), clip.model().sha256())
                        .withTraining(Map.of("templates", String.join("|", prompts.templates())))
                        .with(PROTOTYPES, shape, prototypes.values())
                        .with(TEXT, shape, text.toArray());
        return classifier(clip, file);
    }

    /**
     * The classifier of trained prototypes.
     *
     * @throws IOException if they are not those of this model and these classes
     */
    static Classifier read(Clip clip, ClassifierFile file) throws IOException {
        Shape shape = Shape.of(file.classNames().size(), clip.architecture().embedDim());
        file.require(PROTOTYPES, shape);
        file.require(TEXT, shape);
        return classifier(clip, file);
    }

    private static Classifier classifier(Clip clip, ClassifierFile file) {
        ClassifierFile.Tensor w = file.tensor(PROTOTYPES);
        FeatureMatrix weights =
                FeatureMatrix.of(
                        file.classNames().size(), clip.architecture().embedDim(), w.values());
        return new CosineClassifier(
                file,
                weights.normalized(),
                clip.logitScale(),
                names ->
                        classifier(
                                clip,
                                ClassRows.select(
                                        file,
                                        names,
                                        List.of(PROTOTYPES, TEXT),
                                        added -> textOf(clip, file, added))));
    }

    /** A class that was not trained has its text features: its zero-shot weights. */
    private static Map<String, float[]> textOf(Clip clip, ClassifierFile file, List<String> added) {
        String templates = file.training().get("templates");
        float[] rows =
                new PromptEnsemble(List.of(templates.split("\\|")))
                        .rawWeights(clip, added)
                        .toArray();
        return Map.of(PROTOTYPES, rows, TEXT, rows);
    }
}
