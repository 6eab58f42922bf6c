package org.coop4j.method;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.base.Require;
import org.coop4j.base.Settings.Setting;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.clip.Parameters;
import org.coop4j.clip.Parameters.Changes;
import org.coop4j.clip.StepGraph;
import org.coop4j.data.FeatureSet;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.Optimizer.Algorithm;
import org.coop4j.method.Training.BatchOrder;
import org.coop4j.method.Training.Schedule;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * 2SFS, two-stage few-shot adaptation (Farina, Mancini, Iacca, Ricci: "Rethinking Few-Shot Adaptation of Vision-Language
 * Models in Two Stages", CVPR 2025; the reference's {@code fs/twostage.py}): trains the layer norms of the blocks, then a
 * linear classifier on the features of the tuned tower. Classes that were trained keep their rows of it; the tuned text
 * tower encodes any other.
 *
 * @param visionStart first block of the image tower whose layer norms are trained
 * @param textStart first block of the text tower whose layer norms are trained
 * @param classifierEpochs epochs of the second stage as the reference trains it; 0 for two thirds of the first stage's and its
 *     rate and batch
 */
record TwoStage(
        @Setting("first block of the image tower whose layer norms are trained, from 0") int visionStart,
        @Setting("first block of the text tower whose layer norms are trained, from 0") int textStart,
        @Setting("epochs of the classifier, trained as the reference's; 0 for two thirds of all, trained alike")
                int classifierEpochs)
        implements TowerMethod {

    /** Epochs of the first stage for each of the second: 0.6 of all steps and the rest. */
    private static final double FIRST = 1.5;

    private static final int CLASSIFIER_EPOCHS = 120;

    public TwoStage {
        Require.notNegative("vision_start", visionStart);
        Require.notNegative("text_start", textStart);
        Require.notNegative("classifier_epochs", classifierEpochs);
    }

    /** The reference's: all blocks. */
    public TwoStage() {
        this(0, 0, 0);
    }

    @Override
    public About about() {
        return new About(
                "two-stage",
                "2SFS"
                        + (visionStart + textStart == 0
                                ? ""
                                : " (from blocks %d and %d)".formatted(visionStart, textStart)),
                "Trains the layer norms of both towers, then a linear classifier; keeps the accuracy on new classes (Farina et"
                        + " al., CVPR 2025).");
    }

    /** Returns the first stage: 180 epochs, of as many steps as a class has images. */
    @Override
    public Training training(int shots) {
        return Training.adam(Algorithm.ADAMW, 180, 32, 2e-4, 0.01, 1e-8, Schedule.STEP_COSINE_TO_FLOOR);
    }

    /** Returns four passes over the images; the classifier, whose steps take no tower, is trained as the reference's. */
    @Override
    public Fast fast(Clip clip, int block, int classes) {
        int text = clip.architecture().text().layers() / 2;
        int epochs = TowerMethod.epochsOfPasses(4, classes);
        return new Fast(
                new TwoStage(block, text, CLASSIFIER_EPOCHS),
                Training.adam(Algorithm.ADAMW, epochs, FAST_BATCH, 1e-3, 0.01, 1e-8, Schedule.STEP_COSINE_TO_FLOOR),
                4);
    }

    /** Returns the layer norms of the blocks as the model has them; all others stay frozen, as in the reference's code. */
    @Override
    public List<LearnedTensor> besideContext(Clip clip, long seed) {
        List<LearnedTensor> tensors = new ArrayList<>();
        add(
                tensors,
                clip,
                "transformer.resblocks.",
                textStart,
                clip.architecture().text().layers());
        add(
                tensors,
                clip,
                "visual.transformer.resblocks.",
                visionStart,
                vit(clip).layers());
        return tensors;
    }

    private static void add(List<LearnedTensor> tensors, Clip clip, String blocks, int from, int layers) {
        TowerMethod.requireBlock(from, layers);
        for (int block = from; block < layers; block++) {
            for (String part : List.of(".ln_1.weight", ".ln_1.bias", ".ln_2.weight", ".ln_2.bias")) {
                String name = blocks + block + part;
                float[] values = clip.weight(name);
                tensors.add(LearnedTensor.of(name, values, values.length));
            }
        }
    }

    @Override
    public BatchOrder order(int images, int classes, Trainer trainer) {
        return TowerMethod.passes(images, classes, trainer);
    }

    @Override
    public Changes changes(Parameters.Learned graph) {
        Map<String, SDVariable> weights = new HashMap<>();
        graph.names().stream()
                .filter(name -> name.contains(".ln_"))
                .forEach(name -> weights.put(name, graph.learned(name)));
        return new Changes(weights, Map.of(), null);
    }

    @Override
    public boolean hasCheckpoints() {
        return false;
    }

    @Override
    public int firstBlock() {
        return visionStart;
    }

    @Override
    public boolean keepsRows() {
        return true;
    }

    @Override
    public boolean encodesAfterTraining() {
        return true;
    }

    /** Trains the classifier on the features of all views, with an optimizer and a schedule of its own. */
    @Override
    public ClassifierFile finished(Clip clip, Classifier learned, FewShotFeatures data, Trainer trainer)
            throws IOException {
        LearnedTensor rows =
                learned.save().matrix(PromptClassifier.CLASS_WEIGHTS).learned(PromptClassifier.CLASS_WEIGHTS);
        int classes = learned.classNames().size();
        FeatureKind kind = ((FeatureKind.Changed) learned.features()).of(features());
        FeatureSet images = data.train().encoded(clip, kind, trainer.progress());
        Training training = trainer.training();
        training = classifierEpochs == 0
                ? training.withEpochs((int) Math.round(training.epochs() / FIRST))
                : training(1).adaptedTo(clip.logitScale()).withEpochs(classifierEpochs);
        Trainer second = new Trainer(training, trainer.seed(), trainer.memory(), trainer.progress(), null);
        try (BatchStep step = new BatchStep(
                images,
                true,
                List.of(rows),
                batch -> clip.step(List.of(rows), batch, images.width(), classes, TwoStage::classify))) {
            second.train(step, order(images.size(), classes, second), new Optimizer(training));
        }
        return learned.save().with(rows.name(), FeatureMatrix.of(rows).normalized());
    }

    /** Returns the loss of the second stage: cosines with the rows of the classifier. */
    static SDVariable classify(StepGraph step) {
        SDVariable rows = step.learned(PromptClassifier.CLASS_WEIGHTS);
        return step.crossEntropy(step.cosineLogits(step.ops().normalizeRows(rows)));
    }
}
