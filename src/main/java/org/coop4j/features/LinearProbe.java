package org.coop4j.features;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.coop4j.base.Progress;
import org.coop4j.base.Require;
import org.coop4j.base.Settings.Setting;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.FewShotSampler;
import org.coop4j.data.ImageDataset;
import org.coop4j.method.Classifier;
import org.coop4j.method.Classifier.LogitGraph;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.ClassifierFile.Origin;
import org.coop4j.method.LinearHead.ClassRows;
import org.coop4j.method.Method;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.Method.Learner;
import org.coop4j.method.Method.Task;
import org.coop4j.method.Trainer;
import org.coop4j.method.Training;
import org.coop4j.weights.Shape;

/**
 * Logistic regression on image features that are not normalised (Radford et al., 2021, section 3.2; the reference's
 * {@code lpclip/linear_probe.py}).
 *
 * @param referenceSample true to draw its few-shot images as {@code lpclip} does; false to draw those that every other
 *     method learns from
 * @param c weight of the log-loss beside the penalty, of any size; 0 chooses it
 */
record LinearProbe(
        @Setting("draw the images as lpclip does, not those of all other methods") boolean referenceSample,
        @Setting("inverse strength of the penalty; 0 chooses it") double c)
        implements Method {

    /** Entry of the account of the training: the inverse strength of the penalty. */
    static final String C = "c";

    private static final String WEIGHT = "weight"; // [embed, classes]
    private static final String BIAS = "bias";

    /** Approximate number of passes over its images that the search takes, in double precision. */
    private static final double PASSES = 60_000;

    LinearProbe {
        Require.notNegative("c", c);
    }

    public LinearProbe() {
        this(false, 0);
    }

    @Override
    public About about() {
        return new About(
                "linear-probe",
                referenceSample ? "linear probe (lpclip's sample)" : "linear probe",
                "Logistic regression on image features without class names; weak with one image per"
                        + " class, strong with many (Radford et al., ICML 2021).");
    }

    @Override
    public double work(int images, int classes, int width, Training training) {
        return PASSES * images * classes * width;
    }

    @Override
    public boolean usesVal() {
        return c == 0;
    }

    @Override
    public boolean namesNewClasses() {
        return false;
    }

    @Override
    public ImageDataset sample(ImageDataset whole, int shots, long seed) {
        return referenceSample
                ? new FewShotSampler(shots, seed).sampleOfProbe(whole)
                : Method.super.sample(whole, shots, seed);
    }

    @Override
    public Learner learner(FeatureSpace space, Task task) {
        return learner(space, task, c);
    }

    private Learner learner(FeatureSpace space, Task task, double given) {
        return new Learner() {
            @Override
            public Classifier fit(FewShotFeatures data, Trainer trainer) throws IOException {
                LinearClassifier probe = fitted(data, trainer.progress());
                ClassifierFile file = ClassifierFile.of(LinearProbe.this, task.classNames(), space.modelSha256());
                return Probe.of(file.withOrigin(Origin.NONE.with(C, probe.c())), probe);
            }

            private LinearClassifier fitted(FewShotFeatures data, Progress progress) {
                FeatureSet train = data.train();
                int count = LogisticRegression.sample(train).size();
                double chosen = given;
                if (given == 0 && data.val().size() > 0) {
                    LinearClassifier best = PenaltySearch.of(train, data.val(), space.workers(), progress).best;
                    if (count == train.size()) {
                        return best;
                    }
                    progress.note("the penalty is chosen on %,d of %,d images".formatted(count, train.size()));
                    chosen = best.c();
                } else if (given == 0) {
                    chosen = chosenC(train, progress);
                }
                return new LogisticRegression(train, space.workers())
                        .showing(progress)
                        .fit(chosen, null);
            }

            private double chosenC(FeatureSet train, Progress progress) {
                progress.warn("no val images: the penalty of the linear probe is chosen by cross-validation on the"
                        + " training images");
                return PenaltySearch.crossValidated(train, space.workers());
            }

            @Override
            public Learner settled(ClassifierFile learned) {
                return learner(
                        space,
                        task,
                        Double.parseDouble(learned.origin().entries().get(C)));
            }
        };
    }

    @Override
    public Classifier read(FeatureSpace space, ClassifierFile file) throws IOException {
        int classes = file.classNames().size();
        file.require(Shape.of(space.embedDim(), classes), WEIGHT);
        file.require(Shape.of(classes), BIAS);
        float[] w = file.tensor(WEIGHT).values();
        float[] b = file.tensor(BIAS).values();
        double[] weights = IntStream.range(0, w.length + classes)
                .mapToDouble(i -> i < w.length ? w[i] : b[i - w.length])
                .toArray();
        return new Probe(file, new LinearClassifier(classes, weights, Double.NaN));
    }

    /** A logistic regression as a classifier. */
    private record Probe(ClassifierFile file, LinearClassifier probe) implements Classifier {

        /** Adds the tensors of a probe to a file. */
        static Probe of(ClassifierFile file, LinearClassifier probe) {
            int k = probe.classes();
            int d = probe.dimension();
            float[] values = new float[(d + 1) * k];
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) probe.weights()[i];
            }
            return new Probe(
                    file.with(WEIGHT, Shape.of(d, k), Arrays.copyOf(values, d * k))
                            .with(BIAS, Shape.of(k), Arrays.copyOfRange(values, d * k, values.length)),
                    probe);
        }

        @Override
        public List<String> classNames() {
            return file.classNames();
        }

        @Override
        public boolean isLinear() {
            return true;
        }

        @Override
        public FeatureMatrix logits(FeatureMatrix images) {
            return probe.logits(images);
        }

        @Override
        public <T> T logits(LogitGraph<T> graph, T images) {
            FeatureMatrix weights = file.matrix(WEIGHT).transposed(); // [classes, embed]
            return graph.plus(graph.product(images, weights), file.tensor(BIAS).values());
        }

        @Override
        public Classifier forClasses(List<String> names) {
            int[] positions = ClassRows.positions(file.method().id(), names, classNames());
            return of(file.withClassNames(names), probe.select(positions));
        }

        @Override
        public ClassifierFile save() {
            return file;
        }
    }
}
