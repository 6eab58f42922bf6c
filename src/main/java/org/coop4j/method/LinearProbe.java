package org.coop4j.method;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.data.ClassNames;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.FeatureSets;
import org.coop4j.data.FewShotSample;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.ProbeSampler;
import org.coop4j.method.logistic.CrossValidatedPenalty;
import org.coop4j.method.logistic.LabelledFeatures;
import org.coop4j.method.logistic.LinearClassifier;
import org.coop4j.method.logistic.PenaltySearch;
import org.coop4j.train.Setting;
import org.coop4j.train.Training;
import org.coop4j.weights.Shape;

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

    static final String WEIGHT = "weight";
    static final String BIAS = "bias";

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
            public Classifier fit(FewShotFeatures data, Fit fit) throws IOException {
                LinearClassifier probe = LinearProbe.fit(data, fit);
                return new ProbeClassifier(file(space, task.classNames(), probe), probe);
            }

            @Override
            public double work(int images, Training training) {
                double products = (double) images * task.classNames().size();
                return PASSES * ALONE * products * space.embedDim();
            }
        };
    }

    private static LinearClassifier fit(FewShotFeatures data, Fit fit) {
        LabelledFeatures train = features(data.train());
        if (data.val().size() == 0) {
            fit.progress()
                    .warn(
                            "there are no val images: the penalty of the linear probe is chosen by"
                                    + " cross-validation on the training images");
            return CrossValidatedPenalty.fit(train);
        }
        return PenaltySearch.fit(train, features(data.val()), fit.progress());
    }

    private static LabelledFeatures features(FeatureSet images) {
        return new LabelledFeatures(
                images.width(), FeatureSets.matrix(images).toArray(), images.labels());
    }

    private ClassifierFile file(FeatureSpace space, List<String> classNames, LinearClassifier probe)
            throws IOException {
        int d = probe.dimension();
        int k = probe.classCount();
        float[] weight = new float[Math.multiplyExact(d, k)];
        float[] bias = new float[k];
        for (int j = 0; j < k; j++) {
            bias[j] = (float) probe.intercept(j);
            for (int feature = 0; feature < d; feature++) {
                weight[feature * k + j] = (float) probe.weight(feature, j);
            }
        }
        return ClassifierFile.of(this, classNames, space.modelSha256())
                .withTraining(Map.of(C, Double.toString(probe.c())))
                .with(WEIGHT, Shape.of(d, k), weight)
                .with(BIAS, Shape.of(k), bias);
    }

    @Override
    public Classifier read(FeatureSpace space, ClassifierFile file) throws IOException {
        int classes = file.classNames().size();
        file.require(WEIGHT, Shape.of(space.embedDim(), classes));
        file.require(BIAS, Shape.of(classes));
        LinearClassifier probe =
                new LinearClassifier(
                        IntStream.range(0, classes).toArray(),
                        doubles(file.tensor(WEIGHT).values()),
                        doubles(file.tensor(BIAS).values()));
        return new ProbeClassifier(file, probe);
    }

    private static double[] doubles(float[] values) {
        return IntStream.range(0, values.length).mapToDouble(i -> values[i]).toArray();
    }

    /** How far each class's score is from the largest, in place of logits. */
    private record ProbeClassifier(ClassifierFile file, LinearClassifier probe)
            implements Classifier {

        @Override
        public List<String> classNames() {
            return file.classNames();
        }

        @Override
        public FeatureMatrix logits(FeatureMatrix images) {
            int[] unlabelled = new int[images.rows()];
            float[][] scores =
                    probe.scores(
                            new LabelledFeatures(images.width(), images.toArray(), unlabelled));
            float[] rows = new float[Math.multiplyExact(images.rows(), probe.classCount())];
            for (int i = 0; i < scores.length; i++) {
                System.arraycopy(scores[i], 0, rows, i * probe.classCount(), probe.classCount());
            }
            return FeatureMatrix.of(images.rows(), probe.classCount(), rows);
        }

        @Override
        public <T> T logits(LogitGraph<T> graph, T images) {
            int classes = probe.classCount();
            int width = probe.dimension();
            float[] weight = new float[Math.multiplyExact(classes, width)];
            float[] bias = new float[classes];
            for (int k = 0; k < classes; k++) {
                bias[k] = (float) probe.intercept(k);
                for (int j = 0; j < width; j++) {
                    weight[k * width + j] = (float) probe.weight(j, k);
                }
            }
            FeatureMatrix weights = FeatureMatrix.of(classes, width, weight);
            return graph.plus(graph.product(images, weights), bias);
        }

        @Override
        public Classifier forClasses(List<String> names) {
            return new ProbeClassifier(
                    file.withClassNames(names),
                    probe.select(ClassNames.positions(names, classNames())));
        }

        @Override
        public ClassifierFile save() {
            return file;
        }
    }
}
