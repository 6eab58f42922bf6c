package org.coop4j.features;

import java.io.IOException;
import java.util.Arrays;
import org.coop4j.base.Require;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.StepGraph;
import org.coop4j.data.FeatureSet;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.FeatureMethod;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.PromptEnsemble.TextPrompts;
import org.coop4j.method.Trainer;
import org.coop4j.method.Training;
import org.coop4j.method.Training.BatchOrder;
import org.coop4j.method.Training.Schedule;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * Zero-shot initialised linear probe (Silva-Rodríguez, Hajimiri, Ben Ayed, Dolz: "A Closer Look at the Few-Shot
 * Adaptation of Large Vision-Language Models", CVPR 2024; the reference's {@code trainers/adapters.py} without a
 * constraint): class prototypes initialised from the text features.
 *
 * <p>logits = exp(logit_scale) · f · unit(w_k), trained by cross-entropy; no validation, by design.
 *
 * @param prompts hand-written prompts whose text features initialise the prototypes
 */
record ZsLp(TextPrompts prompts) implements FeatureMethod {

    private static final String PROTOTYPES = "prototypes";
    private static final String TEXT = "base_text_features";

    public ZsLp {
        Require.present("prompts", prompts);
    }

    public ZsLp() {
        this(new TextPrompts());
    }

    @Override
    public About about() {
        return new About(
                "zs-lp",
                "ZS-LP",
                "Linear probe initialised from the text features, without validation; for several images per class"
                        + " (Silva-Rodríguez et al., CVPR 2024).");
    }

    /** Returns SGD at 0.1 without decay, batch 256, 300 epochs (the reference's configuration). */
    @Override
    public Training training(int shots) {
        return Training.sgd(300, 256, 0.1, 0, Schedule.EPOCH_COSINE);
    }

    @Override
    public Head start(ClassTexts texts, FewShotFeatures data, Trainer trainer) {
        return head(texts.raw(), data.train().size(), null);
    }

    /**
     * Returns class prototypes initialised from the text features and trained on all views of all images; also for CLAP.
     *
     * @param text text features that are not normalised, one row per class
     * @param images number of training images
     * @param multipliers weight of each class's penalty; null for no penalty
     */
    static Head head(FeatureMatrix text, int images, float[] multipliers) {
        LearnedTensor prototypes = text.learned(PROTOTYPES);
        return new Head(file -> file.with(prototypes).with(TEXT, text), prototypes) {
            @Override
            public SDVariable loss(StepGraph step) {
                SDVariable w = step.learned(PROTOTYPES); // [classes, embed]
                SDVariable logits = step.cosineLogits(step.ops().normalizeRows(w)); // [batch, classes]
                SDVariable crossEntropy = step.crossEntropy(logits);
                return multipliers == null ? crossEntropy : crossEntropy.add(penalty(step, w, text, multipliers));
            }

            @Override
            public FeatureSet samples(FeatureSet train) {
                return ViewPooling.pooled(train);
            }

            /** Returns as many batches as the images fill, drawn from the pool of all views. */
            @Override
            public BatchOrder order(int samples, Trainer trainer) {
                int batch = trainer.training().batch();
                int batches = Math.max(1, images / batch);
                return BatchOrder.of(samples, Math.min(samples, batch), batches, trainer.seed());
            }
        };
    }

    /** Returns (1/C) Σ_k λ_k ‖w_k − t_k‖², divided by the square of {@link Training#reach}. */
    private static SDVariable penalty(StepGraph step, SDVariable w, FeatureMatrix text, float[] multipliers) {
        int width = text.width();
        float[] roots = new float[multipliers.length * width];
        double reach = Training.reach(step.logitScale());
        for (int c = 0; c < multipliers.length; c++) {
            float root = (float) (Math.sqrt(multipliers[c] / multipliers.length) / reach);
            Arrays.fill(roots, c * width, (c + 1) * width, root);
        }
        SDVariable t = step.perClass("text", text); // [classes, embed]
        SDVariable root = step.perClass("root", FeatureMatrix.of(multipliers.length, width, roots));
        return step.ops().sumOfSquares(w.sub(t).mul(root));
    }

    /** Returns the classifier of trained prototypes; a new class gets its zero-shot weight. */
    @Override
    public Classifier read(FeatureSpace space, ClassifierFile file) throws IOException {
        return classRows(space, file, ClassTexts::raw, PROTOTYPES, TEXT)
                .cosines(rows -> rows.matrix(PROTOTYPES).normalized());
    }
}
