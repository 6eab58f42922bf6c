package org.coop4j.features;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.data.FeatureSet;
import org.coop4j.eval.Labels;
import org.coop4j.eval.Predictions;
import org.coop4j.graph.host.Workers;
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
 * A logistic regression per class on image features that are not normalised: ½‖w‖² + C Σ log-loss of the known labels, the
 * intercept not penalised. One C for all classes is chosen by cross-validation. A class whose known labels are all of one
 * kind has w = 0 and the log odds of its labels, each counted one more time.
 */
record OneVsRest() implements Method {

    private static final String W = "weight"; // [classes, embed]
    private static final String B = "bias";
    private static final int MOST_FOLDS = 5;
    private static final double[] GRID = {1e-4, 1e-3, 1e-2, 1e-1, 1, 1e1};
    private static final double WITHOUT_VALIDATION = 1;
    private static final double TOLERANCE = 1e-12;

    /** Approximate number of passes over its images that the fits take, in double precision. */
    private static final double PASSES = 10_000;

    @Override
    public About about() {
        return new About(
                "one-vs-rest",
                "one-vs-rest logistic regression",
                "Several labels per image: a logistic regression per class on image features without class names; weak below"
                        + " 16 positives per class.");
    }

    @Override
    public boolean suits(boolean sets) {
        return sets;
    }

    @Override
    public double work(int images, int classes, int width, Training training) {
        return PASSES * images * classes * width;
    }

    @Override
    public boolean namesNewClasses() {
        return false;
    }

    @Override
    public Learner learner(FeatureSpace space, Task task) {
        return learner(space, task, OptionalDouble.empty());
    }

    private Learner learner(FeatureSpace space, Task task, OptionalDouble c) {
        int classes = task.classNames().size();
        return new Learner() {
            @Override
            public Classifier fit(FewShotFeatures data, Trainer trainer) throws IOException {
                FeatureSet train = data.train();
                int folds = Math.min(MOST_FOLDS, train.size());
                double chosen = c.orElseGet(() -> {
                    double[] losses = folds < 2
                            ? new double[0]
                            : losses(
                                    train,
                                    classes,
                                    IntStream.range(0, train.size())
                                            .map(i -> i % folds)
                                            .toArray(),
                                    space.workers());
                    return folds < 2 ? WITHOUT_VALIDATION : GRID[Predictions.argmax(GRID.length, i -> -losses[i])];
                });
                LinearClassifier fitted =
                        Regression.of(train, classes, space.workers()).fit(chosen, null);
                float[] w = new float[classes * train.width()];
                float[] b = new float[classes];
                for (int i = 0; i < w.length + classes; i++) {
                    int k = i % classes;
                    float value = (float) fitted.weights()[i];
                    if (i < w.length) {
                        w[k * train.width() + i / classes] = value;
                    } else {
                        b[k] = value;
                    }
                }
                return ClassifierFile.of(OneVsRest.this, task.classNames(), space.modelSha256())
                        .withOrigin(Origin.NONE.with(LinearProbe.C, chosen))
                        .with(W, FeatureMatrix.of(classes, train.width(), w))
                        .with(B, Shape.of(classes), b)
                        .open(space);
            }

            @Override
            public Learner settled(ClassifierFile learned) {
                return learner(
                        space,
                        task,
                        OptionalDouble.of(
                                Double.parseDouble(learned.origin().entries().get(LinearProbe.C))));
            }
        };
    }

    /** Returns the mean log-loss of the known labels of each image's fold held out, with each C of the grid. */
    static double[] losses(FeatureSet train, int classes, int[] folds, Workers workers) {
        double[] sums = new double[GRID.length];
        double known = 0;
        for (int fold : IntStream.of(folds).distinct().toArray()) {
            Regression rest = Regression.of(select(train, i -> folds[i] != fold), classes, workers);
            FeatureSet held = select(train, i -> folds[i] == fold);
            int[][] states = states(held, classes);
            known += Arrays.stream(states)
                    .flatMapToInt(Arrays::stream)
                    .filter(s -> s != Labels.UNKNOWN)
                    .count();
            LinearClassifier last = null;
            for (int i = 0; i < GRID.length; i++) {
                last = rest.fit(GRID[i], last);
                for (int image = 0; image < held.size(); image++) {
                    double[] scores = last.scores(held.matrix().row(image));
                    for (int k = 0; k < classes; k++) {
                        sums[i] += Regression.loss(scores[k], states[image][k]);
                    }
                }
            }
        }
        double all = known;
        return Arrays.stream(sums).map(sum -> sum / all).toArray();
    }

    private static FeatureSet select(FeatureSet images, IntPredicate chosen) {
        return images.select(IntStream.range(0, images.size()).filter(chosen).toArray());
    }

    private static int[][] states(FeatureSet images, int classes) {
        return images.labelSets().stream()
                .map(own -> IntStream.range(0, classes).map(own::state).toArray())
                .toArray(int[][]::new);
    }

    /** Independent logistic regressions that are fitted together. */
    static final class Regression extends LogisticRegression {

        private final int[][] states; // of classes with labels of both kinds, the others' unknown
        private final int classes;
        private final double[] constant; // intercept of each other class, else NaN
        private final Workers workers;

        private Regression(FeatureMatrix images, int[][] states, double[] constant, Workers workers) {
            super(images, new int[states.length], constant.length, workers, TOLERANCE);
            this.states = states;
            this.classes = constant.length;
            this.constant = constant;
            this.workers = workers;
        }

        static Regression of(FeatureSet images, int classes, Workers workers) {
            int[][] states = states(images, classes);
            double[] constant = new double[classes];
            for (int k = 0; k < classes; k++) {
                int label = k;
                long present = Arrays.stream(states)
                        .filter(row -> row[label] == Labels.PRESENT)
                        .count();
                long absent = Arrays.stream(states)
                        .filter(row -> row[label] == Labels.ABSENT)
                        .count();
                constant[k] = present > 0 && absent > 0 ? Double.NaN : Math.log((present + 1.0) / (absent + 1.0));
                if (!Double.isNaN(constant[k])) {
                    Arrays.stream(states).forEach(row -> row[label] = Labels.UNKNOWN);
                }
            }
            return new Regression(images.matrix(), states, constant, workers);
        }

        @Override
        LinearClassifier fit(double c, LinearClassifier start) {
            LinearClassifier fitted = super.fit(c, start);
            for (int k = 0; k < classes; k++) {
                if (!Double.isNaN(constant[k])) {
                    for (int i = k; i < fitted.weights().length; i += classes) {
                        fitted.weights()[i] = i + classes < fitted.weights().length ? 0 : constant[k];
                    }
                }
            }
            return fitted;
        }

        static double loss(double z, int state) {
            double right = state == Labels.PRESENT ? z : -z;
            return state == Labels.UNKNOWN ? 0 : Math.max(-right, 0) + Math.log1p(Math.exp(-Math.abs(z)));
        }

        @Override
        SoftmaxLoss objective(double[] features, double c, double interceptScale) {
            return new SoftmaxLoss(features, new int[states.length], classes, 1, c, interceptScale, workers) {
                @Override
                double toResiduals(int image) {
                    double sum = 0;
                    for (int j = 0; j < k; j++) {
                        int state = states[image][j];
                        double z = residuals[image * k + j];
                        sum += loss(z, state);
                        double sign = state == Labels.PRESENT ? -1 : 1;
                        residuals[image * k + j] = state == Labels.UNKNOWN ? 0 : sign * c / (1 + Math.exp(-sign * z));
                    }
                    return sum;
                }

                @Override
                void timesCurvature(int image, float[] z) {
                    for (int j = 0; j < k; j++) {
                        double residual = Math.abs(residuals[image * k + j]);
                        z[j] *= (float) (residual * (1 - residual / c));
                    }
                }
            };
        }
    }

    @Override
    public Classifier read(FeatureSpace space, ClassifierFile file) throws IOException {
        file.requireClassRows(space, W);
        file.require(Shape.of(file.classNames().size()), B);
        return new Sigmoids(space, file);
    }

    /** The regressions as a classifier. */
    private record Sigmoids(FeatureSpace space, ClassifierFile file) implements Classifier {

        @Override
        public List<String> classNames() {
            return file.classNames();
        }

        @Override
        public <T> T logits(LogitGraph<T> graph, T images) {
            return graph.plus(
                    graph.product(images, file.matrix(W)), file.tensor(B).values());
        }

        @Override
        public Classifier forClasses(List<String> names) {
            return new Sigmoids(space, new ClassRows(space, file, List.of(W, B), null).select(names));
        }

        @Override
        public ClassifierFile save() {
            return file;
        }
    }
}
