package org.coop4j.features;

import java.io.IOException;
import org.coop4j.base.Require;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.data.FeatureSet;
import org.coop4j.eval.Predictions;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.FeatureMethod;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.PromptEnsemble.TextPrompts;
import org.coop4j.method.Trainer;
import org.coop4j.method.Training;

/**
 * Class-adaptive linear probe (Silva-Rodríguez, Hajimiri, Ben Ayed, Dolz, CVPR 2024; the reference's {@code
 * trainers/adapters.py}, constraint {@code l2}): ZS-LP with a penalty on the distance of the prototypes from the text
 * features, the larger the better zero-shot CLIP knows the class.
 *
 * <p>loss = cross-entropy + (1/C) Σ_k λ_k ‖w_k − t_k‖², t not normalised; λ_k is the mean zero-shot probability of
 * class k over its training images and stays fixed; at another logit scale than 100 it is divided by the square of {@link
 * org.coop4j.method.Training#reach}.
 *
 * @param prompts hand-written prompts whose text features initialise the prototypes
 */
record Clap(TextPrompts prompts) implements FeatureMethod {

    public Clap {
        Require.present("prompts", prompts);
    }

    public Clap() {
        this(new TextPrompts());
    }

    @Override
    public About about() {
        return new About(
                "clap",
                "CLAP",
                "ZS-LP with class weights kept close to the text features; a safe choice from one image per class"
                        + " (Silva-Rodríguez et al., CVPR 2024).");
    }

    @Override
    public Training training(int shots) {
        return new ZsLp().training(shots);
    }

    @Override
    public Head start(ClassTexts texts, FewShotFeatures data, Trainer trainer) {
        FeatureMatrix raw = texts.raw();
        float[] multipliers = multipliers(raw, data.train(), texts.space().logitScale());
        return ZsLp.head(raw, data.train().size(), multipliers);
    }

    /**
     * Returns the Lagrange multipliers λ: the mean zero-shot probability of each class over its images, 1 without
     * images.
     */
    static float[] multipliers(FeatureMatrix text, FeatureSet train, float scale) {
        FeatureSet images = ViewPooling.pooled(train);
        FeatureMatrix cosines = images.matrix().normalized().products(text.normalized());
        FeatureMatrix logits = cosines.times(scale);
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
        return new ZsLp(prompts).read(space, file);
    }
}
