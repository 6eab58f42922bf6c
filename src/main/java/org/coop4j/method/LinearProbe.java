package org.coop4j.method;

import java.io.IOException;
import java.util.Map;
import org.coop4j.base.Progress;
import org.coop4j.base.Setting;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.FeatureSets;
import org.coop4j.data.FewShotSampler.FewShotSample;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.ProbeSampler;
import org.coop4j.method.logistic.CrossValidatedPenalty;
import org.coop4j.method.logistic.LabelledFeatures;
import org.coop4j.method.logistic.LinearClassifier;
import org.coop4j.method.logistic.PenaltySearch;
import org.coop4j.method.train.Trainer;
import org.coop4j.method.train.Training;

/**
 * Logistic regression on image features that are not normalised (Radford et al., 2021, section 3.2;
 * the reference's {@code lpclip/linear_probe.py}).
 *
 * @param referenceSample whether its few-shot images are drawn as {@code lpclip} draws them, and
 *     not as CoOp draws its own
 */
public record LinearProbe(
        @Setting("draw the images as lpclip does, not as CoOp does") boolean referenceSample)
        implements Method {

    /** In the account of the training, the inverse strength of the penalty. */
    static final String C = "c";

    /** Passes over its images that the search takes, about. */
    private static final double PASSES = 3_000;

    /** A multiplication outside of matrix products takes as long as so many in them, about. */
    private static final double ALONE = 20;

    public LinearProbe() {
        this(true);
    }

    @Override
    public String id() {
        return "linear-probe";
    }

    @Override
    public String title() {
        return referenceSample ? "linear probe" : "linear probe (CoOp's sample)";
    }

    @Override
    public String summary() {
        return "Logistic regression on the image features; the penalty is chosen on the val"
                + " images, or by cross-validation where there are none. Knows nothing of the"
                + " class names: weak with one image a class, strong with many. Seconds. Radford"
                + " et al., ICML 2021.";
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
    public FewShotSample sample(ImageDataset whole, int shots, long seed) {
        return referenceSample
                ? new ProbeSampler(shots, Math.toIntExact(seed)).sample(whole)
                : Method.super.sample(whole, shots, seed);
    }

    @Override
    public Learner learner(FeatureSpace space, Task task) {
        return new Learner() {
            @Override
            public Classifier fit(FewShotFeatures data, Trainer trainer) throws IOException {
                LinearClassifier probe = LinearProbe.fit(data, trainer.progress());
                return ProbeClassifier.of(
                        ClassifierFile.of(LinearProbe.this, task.classNames(), space.modelSha256())
                                .withTraining(Map.of(C, Double.toString(probe.c()))),
                        probe);
            }

            @Override
            public double work(int images, Training training) {
                double products = (double) images * task.classNames().size();
                return PASSES * ALONE * products * space.embedDim();
            }
        };
    }

    private static LinearClassifier fit(FewShotFeatures data, Progress progress) {
        LabelledFeatures train = features(data.train());
        if (data.val().size() == 0) {
            progress.warn(
                            "there are no val images: the penalty of the linear probe is chosen by"
                                    + " cross-validation on the training images");
            return CrossValidatedPenalty.fit(train);
        }
        return PenaltySearch.fit(train, features(data.val()), progress);
    }

    private static LabelledFeatures features(FeatureSet images) {
        return new LabelledFeatures(
                images.width(), FeatureSets.matrix(images).toArray(), images.labels());
    }

    @Override
    public Classifier read(FeatureSpace space, ClassifierFile file) throws IOException {
        return ProbeClassifier.read(space, file);
    }
}
