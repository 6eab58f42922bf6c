package org.coop4j.method;

import java.io.IOException;
import java.util.Map;
import org.coop4j.base.Numbers;
import org.coop4j.base.Progress;
import org.coop4j.base.Setting;
import org.coop4j.base.Settings;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.data.FeatureSet;
import org.coop4j.weights.Shape;

/**
 * Gaussian discriminant analysis (Wang et al.: "A Hard-to-Beat Baseline for Training-Free
 * CLIP-based Adaptation", ICLR 2024; the reference's {@code main_few_shots.py}): zero-shot logits
 * and those of Gaussians with one shared covariance, in closed form.
 *
 * <p>logits = exp(logit_scale) · f · tᵀ + α (f · W + b). α is the smallest of the best on the val
 * images, or, without them, by cross-validation on the training images: fold j holds out the j-th
 * image of each class.
 *
 * @param prompts the hand-written prompts of the zero-shot part
 * @param alpha weight of the Gaussians; 0 chooses it
 */
public record Gda(
        TextPrompts prompts,
        @Setting("weight of the Gaussians beside zero-shot CLIP; 0 chooses it") double alpha)
        implements Method {

    private static final String WEIGHTS = "w";
    private static final String BIAS = "b";
    private static final String TEXT = "text";

    public Gda {
        Settings.requireNotNegative("alpha", alpha);
    }

    public Gda() {
        this(new TextPrompts(), 0);
    }

    @Override
    public String id() {
        return "gda";
    }

    @Override
    public String title() {
        return alpha == 0 ? "GDA" : "GDA (α = " + Numbers.plain(alpha) + ")";
    }

    @Override
    public String summary() {
        return "Gaussians of the classes with one shared covariance beside zero-shot CLIP, in"
                + " closed form: no training, about a second. Strong from 4 images a class on; with"
                + " one image a class and one view it equals zero-shot. Published with RN50 at 1,"
                + " 2, 4, 8 and 16 shots: 62.19, 66.19, 69.77, 73.31, 76.05 % (full validation"
                + " lists). Wang et al., ICLR 2024.";
    }

    @Override
    public boolean usesVal() {
        return true;
    }

    @Override
    public boolean namesNewClasses() {
        return false;
    }

    @Override
    public Learner learner(FeatureSpace space, Task task) {
        double width = space.embedDim();
        return new FeatureLearner(
                this,
                space,
                task,
                prompts,
                images -> width,
                (text, data, trainer) ->
                        model(text.weights(), data, space.logitScale(), trainer.progress()));
    }

    /**
     * The Gaussians of the training images, and what chooses α.
     *
     * @param text normalised text features, one row a class
     * @param progress is told where it equals zero-shot CLIP
     */
    FeatureLearner.Model model(
            FeatureMatrix text, FewShotFeatures data, float scale, Progress progress) {
        FeatureSet pool = Views.pooled(data.train());
        Gaussians gaussians = Gaussians.of(Views.normalized(pool, 0), pool.labels(), text.rows());
        if (gaussians.degenerate()) {
            progress.warn(
                    "one image a class in one view has no covariance: GDA equals zero-shot here;"
                            + " take --views, or more images");
        }
        double chosen = alpha == 0 ? GdaSearch.alpha(gaussians, data, text, scale) : alpha;
        return file ->
                addTo(
                        file.withMethod(file.method().with(Map.of("alpha", chosen))),
                        gaussians,
                        text);
    }

    static ClassifierFile addTo(ClassifierFile file, Gaussians gaussians, FeatureMatrix text) {
        return file.with(WEIGHTS, gaussians.weights())
                .with(BIAS, Shape.of(text.rows()), gaussians.bias())
                .with(TEXT, text);
    }

    @Override
    public Classifier read(FeatureSpace space, ClassifierFile file) throws IOException {
        file.requireClassRows(space, WEIGHTS, TEXT);
        file.require(BIAS, Shape.of(file.classNames().size()));
        return ClassRows.ofLearned(WEIGHTS, BIAS, TEXT)
                .linear(file, rows -> head(rows, space.logitScale()));
    }

    /** Zero-shot and Gaussians as one linear head. */
    private LinearHead head(ClassifierFile rows, float scale) {
        float[] bias = rows.tensor(BIAS).values().clone();
        for (int k = 0; k < bias.length; k++) {
            bias[k] = (float) (alpha * bias[k]);
        }
        return new LinearHead(
                rows.matrix(TEXT).times(scale).plus(rows.matrix(WEIGHTS), alpha), 1, bias);
    }
}
