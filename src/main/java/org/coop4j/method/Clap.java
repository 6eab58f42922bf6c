package org.coop4j.method;

import java.io.IOException;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.data.FeatureSet;
import org.coop4j.eval.Predictions;
import org.coop4j.method.PromptEnsemble.TextPrompts;
import org.coop4j.method.train.Trainer;
import org.coop4j.method.train.Training;

/**
 * Class-adaptive linear probe (Silva-Rodríguez, Hajimiri, Ben Ayed, Dolz, CVPR 2024; the
 * reference's {@code trainers/adapters.py}, constraint {@code l2}): ZS-LP whose prototypes are held
 * near the text features, each class's as far as zero-shot CLIP is right about it.
 *
 * <p>loss = cross-entropy + (1/C) Σ_k λ_k ‖w_k − t_k‖², t raw; λ_k is the mean zero-shot
 * probability of class k over its training images, and stays.
 *
 * @param prompts the hand-written prompts whose features the prototypes begin as
 */
public record Clap(TextPrompts prompts) implements FeatureMethod {

    public Clap() {
        this(new TextPrompts());
    }

    @Override
    public String id() {
        return "clap";
    }

    @Override
    public String title() {
        return "CLAP";
    }

    @Override
    public String summary() {
        return "A linear probe whose class weights begin as the text features and are held near"
                + " them, the more the better zero-shot CLIP knows the class. Needs no"
                + " validation. Seconds. A safe choice from one image a class on."
                + " Silva-Rodríguez et al., CVPR 2024.";
    }

    @Override
    public Training training(int shots) {
        return new ZsLp().training(shots);
    }

    @Override
    public FeatureMethod.Model start(FeatureMethod.Texts text, FewShotFeatures data, Trainer trainer) {
        FeatureMatrix raw = text.raw();
        float[] multipliers = multipliers(raw, data.train(), text.space().logitScale());
        return new ZsLp.Prototypes(raw, data.train().size(), multipliers);
    }

    @Override
    public double rows(FeatureSpace space, int classes, int images) {
        return classes;
    }

    /** The Lagrange multipliers λ: how far zero-shot CLIP is right about each class. */
    static float[] multipliers(FeatureMatrix text, FeatureSet train, float scale) {
        FeatureSet images = Views.pooled(train);
        FeatureMatrix logits =
                Views.normalized(images, 0).products(text.normalized()).times(scale);
        double[] sums = new double[text.rows()];
        int[] counts = new int[text.rows()];
        for (int i = 0; i < images.size(); i++) {
            int label = images.label(i);
            sums[label] += Predictions.softmax(logits.row(i))[label];
            counts[label]++;
        }
        float[] multipliers = new float[sums.length];
        for (int c = 0; c < sums.length; c++) {
            multipliers[c] = counts[c] == 0 ? 1 : (float) (sums[c] / counts[c]);
        }
        return multipliers;
    }

    @Override
    public Classifier read(FeatureSpace space, ClassifierFile file) throws IOException {
        return ZsLp.read(space, file, prompts.ofFile());
    }
}
