package org.coop4j.method;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.StepGraph;
import org.coop4j.data.FeatureSet;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.method.LinearHead.ClassRows;
import org.coop4j.method.PromptEnsemble.TextPrompts;
import org.coop4j.method.train.BatchOrder;
import org.coop4j.method.train.Trainer;
import org.coop4j.method.train.Training;
import org.coop4j.method.train.Training.Schedule;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * Zero-shot initialised linear probe (Silva-Rodríguez, Hajimiri, Ben Ayed, Dolz: "A Closer Look at
 * the Few-Shot Adaptation of Large Vision-Language Models", CVPR 2024; the reference's {@code
 * trainers/adapters.py} without a constraint): prototypes that begin as the text features.
 *
 * <p>logits = exp(logit_scale) · f · unit(w_k), by cross-entropy; no validation, by design.
 *
 * @param prompts the hand-written prompts whose features the prototypes begin as
 */
public record ZsLp(TextPrompts prompts) implements FeatureMethod {

    private static final String PROTOTYPES = "prototypes";
    private static final String TEXT = "base_text_features";

    public ZsLp() {
        this(new TextPrompts());
    }

    @Override
    public String id() {
        return "zs-lp";
    }

    @Override
    public String title() {
        return "ZS-LP";
    }

    @Override
    public String summary() {
        return "A linear probe on normalised features whose class weights begin as the text"
                + " features. Needs no validation. Seconds. Overfits with few images; CLAP holds"
                + " it back. Silva-Rodríguez et al., CVPR 2024.";
    }

    /** SGD at 0.1 without decay, batch 256, 300 epochs (the reference's configuration). */
    @Override
    public Training training(int shots) {
        return Training.sgd(300, 256, 0.1, 0, Schedule.EPOCH_COSINE);
    }

    @Override
    public FeatureMethod.Model start(FeatureMethod.Texts text, FewShotFeatures data, Trainer trainer) {
        return new Prototypes(text.raw(), data.train().size(), null);
    }

    @Override
    public double rows(FeatureSpace space, int classes, int images) {
        return classes;
    }

    /**
     * Class prototypes that begin as the raw text features and are trained on all views of all images; CLAP's too.
     *
     * @param text raw text features, one row per class
     * @param images number of training images
     * @param multipliers how much each class's prototype is held near its text feature; null where none is
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Prototypes(FeatureMatrix text, int images, float[] multipliers, LearnedTensor prototypes)
            implements FeatureMethod.Model {

        Prototypes(FeatureMatrix text, int images, float[] multipliers) {
            this(text, images, multipliers, text.learned(PROTOTYPES));
        }

        @Override
        public List<LearnedTensor> learned() {
            return List.of(prototypes);
        }

        @Override
        public SDVariable loss(StepGraph step) {
            SDVariable w = step.learned(PROTOTYPES); // [classes, embed]
            SDVariable logits = step.cosineLogits(step.ops().normalizeRows(w)); // [batch, classes]
            SDVariable crossEntropy = step.crossEntropy(logits);
            return multipliers == null ? crossEntropy : crossEntropy.add(penalty(step, w));
        }

        /** (1/C) Σ_k λ_k ‖w_k − t_k‖². */
        private SDVariable penalty(StepGraph step, SDVariable w) {
            int width = text.width();
            float[] roots = new float[multipliers.length * width];
            for (int c = 0; c < multipliers.length; c++) {
                float root = (float) Math.sqrt(multipliers[c] / multipliers.length);
                Arrays.fill(roots, c * width, (c + 1) * width, root);
            }
            SDVariable t = step.perClass("text", text); // [classes, embed]
            SDVariable root = step.perClass("root", FeatureMatrix.of(multipliers.length, width, roots));
            return step.ops().sumOfSquares(w.sub(t).mul(root));
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
    }

    @Override
    public Classifier read(FeatureSpace space, ClassifierFile file) throws IOException {
        return read(space, file, prompts.ofFile());
    }

    /**
     * The classifier of trained prototypes. A class that was not trained has its text features: its zero-shot weights.
     *
     * @throws IOException if they are not those of this model and these classes
     */
    static Classifier read(FeatureSpace space, ClassifierFile file, PromptEnsemble prompts) throws IOException {
        file.requireClassRows(space, PROTOTYPES, TEXT);
        return ClassRows.ofTexts(names -> prompts.rawWeights(space, names), PROTOTYPES, TEXT)
                .cosines(space, file, rows -> rows.matrix(PROTOTYPES).normalized());
    }
}
