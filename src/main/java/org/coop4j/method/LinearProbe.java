package org.coop4j.method;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.coop4j.base.Progress;
import org.coop4j.base.Setting;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.FeatureSets;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.ProbeSampler;
import org.coop4j.method.LinearHead.ClassRows;
import org.coop4j.method.logistic.LabelledFeatures;
import org.coop4j.method.logistic.LinearClassifier;
import org.coop4j.method.logistic.PenaltySearch;
import org.coop4j.method.train.Trainer;
import org.coop4j.method.train.Training;
import org.coop4j.weights.Shape;

/**
 * Logistic regression on image features that are not normalised (Radford et al., 2021, section 3.2;
 * the reference's {@code lpclip/linear_probe.py}).
 *
 * @param referenceSample whether its few-shot images are drawn as {@code lpclip} draws them, and
 *     not as CoOp draws its own
 */
public record LinearProbe(@Setting("draw the images as lpclip does, not as CoOp does") boolean referenceSample)
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
    public ImageDataset sample(ImageDataset whole, int shots, long seed) {
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
                return Probe.of(
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
            progress.warn("there are no val images: the penalty of the linear probe is chosen by"
                    + " cross-validation on the training images");
            return PenaltySearch.crossValidated(train);
        }
        return PenaltySearch.fit(train, features(data.val()), progress);
    }

    private static LabelledFeatures features(FeatureSet images) {
        return new LabelledFeatures(images.width(), FeatureSets.matrix(images).toArray(), images.labels());
    }

    @Override
    public Classifier read(FeatureSpace space, ClassifierFile file) throws IOException {
        return Probe.read(space, file);
    }

    /**
     * A logistic regression as a classifier: how far each class's score is from the largest, in place
     * of logits.
     *
     * @param file what makes it again
     */
    private record Probe(ClassifierFile file, LinearClassifier probe) implements Classifier {

        static final String WEIGHT = "weight"; // [embed, classes]
        static final String BIAS = "bias";

        /**
         * A probe whose file gets its tensors.
         *
         * @param account the file without them
         */
        static Probe of(ClassifierFile account, LinearClassifier probe) {
            Shape shape = Shape.of(probe.dimension(), probe.classCount());
            return new Probe(
                    account.with(WEIGHT, shape, floats(probe.weights()))
                            .with(BIAS, Shape.of(probe.classCount()), floats(probe.intercepts())),
                    probe);
        }

        private static float[] floats(double[] values) {
            float[] floats = new float[values.length];
            for (int i = 0; i < values.length; i++) {
                floats[i] = (float) values[i];
            }
            return floats;
        }

        /**
         * The probe that was saved.
         *
         * @throws IOException if it is not of this model and these classes
         */
        static Probe read(FeatureSpace space, ClassifierFile file) throws IOException {
            int classes = file.classNames().size();
            file.require(WEIGHT, Shape.of(space.embedDim(), classes));
            file.require(BIAS, Shape.of(classes));
            return new Probe(
                    file,
                    new LinearClassifier(
                            IntStream.range(0, classes).toArray(),
                            doubles(file.tensor(WEIGHT).values()),
                            doubles(file.tensor(BIAS).values())));
        }

        private static double[] doubles(float[] values) {
            return IntStream.range(0, values.length).mapToDouble(i -> values[i]).toArray();
        }

        @Override
        public FeatureMatrix logits(FeatureMatrix images) {
            int[] unlabelled = new int[images.rows()];
            float[][] scores = probe.scores(new LabelledFeatures(images.width(), images.toArray(), unlabelled));
            float[] rows = new float[Math.multiplyExact(images.rows(), probe.classCount())];
            for (int i = 0; i < scores.length; i++) {
                System.arraycopy(scores[i], 0, rows, i * probe.classCount(), probe.classCount());
            }
            return FeatureMatrix.of(images.rows(), probe.classCount(), rows);
        }

        @Override
        public <T> T logits(LogitGraph<T> graph, T images) {
            FeatureMatrix weights = file.matrix(WEIGHT).transposed(); // [classes, embed]
            return graph.plus(graph.product(images, weights), file.tensor(BIAS).values());
        }

        @Override
        public Classifier forClasses(List<String> names) {
            return of(
                    file.withClassNames(names),
                    probe.select(ClassRows.learned(file.method().id(), names, classNames())));
        }

        @Override
        public ClassifierFile save() {
            return file;
        }
    }
}
