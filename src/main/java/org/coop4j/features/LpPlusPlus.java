package org.coop4j.features;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.coop4j.base.Require;
import org.coop4j.base.Settings.Setting;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.StepGraph;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.Moments;
import org.coop4j.eval.Scores;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.method.Classifier;
import org.coop4j.method.Classifier.LogitGraph;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.ClassifierFile.Origin;
import org.coop4j.method.FeatureMethod;
import org.coop4j.method.LinearHead;
import org.coop4j.method.LinearHead.ClassRows;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.Optimizer;
import org.coop4j.method.PromptEnsemble.TextPrompts;
import org.coop4j.method.Trainer;
import org.coop4j.method.Training;
import org.coop4j.method.Training.Schedule;
import org.coop4j.weights.Shape;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * LP++ (Huang, Shakeri, Dolz, Boudiaf, Bahig, Ben Ayed: "LP++: A Surprisingly Strong Linear Probe for Few-Shot CLIP",
 * CVPR 2024; the reference's {@code methods/linear_probe_p2.py}): a linear probe whose class weights are blended with
 * the text features.
 *
 * <p>logits = f · (w_k + α_k t_k) + b_k, without a logit scale. The bias is initially 0, in the reference random.
 *
 * @param prompts hand-written prompts of the text features
 * @param search whether the epoch is chosen on the val images, if there are any
 */
record LpPlusPlus(TextPrompts prompts, @Setting("choose the epoch on the val images, if there are any") boolean search)
        implements FeatureMethod {

    private static final String W = "w";
    private static final String B = "b";
    private static final String ALPHA = "alpha";
    private static final String TEXT = "text";

    /** Entry of a classifier's origin: the epoch that was best on the val images. */
    private static final String CHOSEN = "epoch chosen on val images";

    /** Factor of the initial α, which is multiplied by the mean cosine of the images with their classes' texts. */
    private static final double INITIAL_BLEND = 250;

    /** Limits of the power iteration. */
    private static final int MOST_ITERATIONS = 1_000;

    private static final double CONVERGED = 1e-12;

    public LpPlusPlus {
        Require.present("prompts", prompts);
    }

    public LpPlusPlus() {
        this(new TextPrompts(), true);
    }

    @Override
    public About about() {
        return new About(
                "lpp",
                "LP++",
                "Linear probe whose class weights are blended with the text features; needs no tuning (Huang et al.,"
                        + " CVPR 2024).");
    }

    /** Returns the reference's training; rates are in units of step sizes derived from the data. */
    @Override
    public Training training(int shots) {
        return Training.sgd(300, Training.ALL_IMAGES, 1, 0, Schedule.CONSTANT);
    }

    /** Returns the reference's: these logits have no scale. */
    @Override
    public Training adapted(Training reference, double logitScale) {
        return reference;
    }

    @Override
    public boolean usesVal() {
        return search;
    }

    @Override
    public Head start(ClassTexts texts, FewShotFeatures data, Trainer trainer) {
        FeatureSet val = search ? data.val() : FeatureSet.none(data.train().width());
        return new Blend(texts.weights(), ViewPooling.first(data.train()), val, 0);
    }

    @Override
    public Head settled(ClassifierFile learned, ClassTexts texts, FewShotFeatures data, Trainer trainer) {
        int epoch = Integer.parseInt(learned.origin().entries().get(CHOSEN));
        return new Blend(texts.weights(), ViewPooling.first(data.train()), data.val(), epoch);
    }

    /** Class weights blended with the text features. */
    static final class Blend extends Head {

        private final FeatureMatrix text;
        private final FeatureSet train;
        private final FeatureSet val;
        private final int chosen;
        private final LearnedTensor w;
        private final LearnedTensor b;
        private final LearnedTensor alpha; // [classes, 1]
        private Descent descent;

        /**
         * @param text normalised text features, one row per class
         * @param val images that choose the epoch; if there are none, the last epoch is taken
         * @param chosen the epoch that others chose; 0 for none
         */
        Blend(FeatureMatrix text, FeatureSet train, FeatureSet val, int chosen) {
            super(UnaryOperator.identity());
            this.text = text;
            this.train = train;
            this.val = val;
            this.chosen = chosen;
            int classes = text.rows();
            int[] counts = new int[classes];
            for (int label : train.labels()) {
                counts[label]++;
            }
            FeatureMatrix sums = ViewPooling.sums(train, classes);
            double mean = 0;
            for (int k = 0; k < classes; k++) {
                mean += sums.dot(k, text, k) / Math.max(1, counts[k]) / classes;
            }
            w = sums.learned(W);
            b = LearnedTensor.zeros(B, classes);
            alpha = LearnedTensor.zeros(ALPHA, classes, 1);
            Arrays.fill(alpha.values(), (float) (INITIAL_BLEND * mean));
        }

        @Override
        public FeatureSet samples(FeatureSet images) {
            return train;
        }

        @Override
        public List<LearnedTensor> learned() {
            return List.of(w, b, alpha);
        }

        @Override
        public SDVariable loss(StepGraph step) {
            SDVariable t = step.perClass("text features", text); // [classes, embed]
            SDVariable blended = step.ops().add(step.learned(W), t.mul(step.learned(ALPHA)));
            return step.crossEntropy(step.ops().linear(step.images(), blended, step.learned(B)));
        }

        @Override
        public Optimizer optimizer(Training training) {
            descent = new Descent(training);
            return descent;
        }

        /**
         * Updates class weights and biases at each step and the blending parameters at every tenth, by the sum of all
         * their gradients so far, which the reference's code never clears. The training's rate is a factor of the step
         * sizes. With val images the last of the best steps is kept.
         */
        private final class Descent extends Optimizer {

            private static final int BLEND_EVERY = 10;
            private static final String SUM = "sum of gradients";
            private static final String BEST = "best";
            private static final String STEP = "best step";

            private final double weightStep;
            private final double blendStep;
            private final LearnedTensor hits = LearnedTensor.zeros("val hits", 1);

            Descent(Training training) {
                super(training);
                FeatureMatrix f = train.matrix().normalized();
                weightStep = weightStep(train, text.rows());
                blendStep = blendStep(f, text);
            }

            @Override
            public void step(List<LearnedTensor> tensors, double rate, long step) {
                sgd(w, rate * weightStep);
                sgd(b, rate * weightStep);
                float[] sum = array(alpha, SUM);
                for (int k = 0; k < sum.length; k++) {
                    sum[k] += alpha.gradient()[k];
                    if (step % BLEND_EVERY == 0) {
                        alpha.values()[k] = (float) (alpha.values()[k] - rate * blendStep * sum[k]);
                    }
                }
                if (val.size() > 0) {
                    int now = valHits();
                    float[] most = array(hits, BEST);
                    if (now >= most[0]) {
                        most[0] = now;
                        keep(tensors, step);
                    }
                } else if (step == chosen) {
                    keep(tensors, step);
                }
            }

            private void keep(List<LearnedTensor> tensors, long step) {
                array(hits, STEP)[0] = step;
                tensors.forEach(tensor -> copy(tensor.values(), array(tensor, BEST)));
            }

            /** Restores the tensors of the step that was chosen, if one was, and returns its number. */
            int takeBest() {
                int best = state().isEmpty() || (val.size() == 0 && chosen == 0) ? 0 : (int) array(hits, STEP)[0];
                if (best > 0) {
                    learned().forEach(tensor -> copy(array(tensor, BEST), tensor.values()));
                }
                return best;
            }

            private static void copy(float[] from, float[] to) {
                System.arraycopy(from, 0, to, 0, to.length);
            }
        }

        /** Returns the number of val images that the current tensors classify correctly. */
        int valHits() {
            FeatureMatrix logits = head(FeatureMatrix.of(w), b.values(), alpha.values(), text)
                    .logits(new LogitGraph.Matrices(), val.matrix().normalized());
            return new Scores(val.labels(), logits.toRows()).right();
        }

        @Override
        public ClassifierFile addTo(ClassifierFile file) {
            int best = descent == null ? 0 : descent.takeBest();
            return (best == 0 ? file : file.withOrigin(Origin.NONE.with(CHOSEN, best)))
                    .with(w)
                    .with(b)
                    .with(ALPHA, Shape.of(text.rows()), alpha.values())
                    .with(TEXT, text);
        }
    }

    @Override
    public Classifier read(FeatureSpace space, ClassifierFile file) throws IOException {
        file.requireClassRows(space, W, TEXT);
        file.require(Shape.of(file.classNames().size()), B, ALPHA);
        return new ClassRows(space, file, List.of(W, B, ALPHA, TEXT), names -> unlearned(space, file, names))
                .linear(rows -> head(
                        rows.matrix(W),
                        rows.tensor(B).values(),
                        rows.tensor(ALPHA).values(),
                        rows.matrix(TEXT)));
    }

    /** Returns the rows of new classes: the text features alone, blended by the mean α of the learned classes. */
    private Map<String, float[]> unlearned(FeatureSpace space, ClassifierFile file, List<String> names) {
        float[] text = textsOfFile(space, file, names).weights().toArray();
        float[] learned = file.tensor(ALPHA).values();
        double sum = 0;
        for (float value : learned) {
            sum += value;
        }
        float[] alpha = new float[names.size()];
        Arrays.fill(alpha, (float) (sum / learned.length));
        return Map.of(W, new float[text.length], B, new float[names.size()], ALPHA, alpha, TEXT, text);
    }

    /** Returns the linear head with weights w_k + α_k t_k. */
    static LinearHead head(FeatureMatrix w, float[] b, float[] alpha, FeatureMatrix text) {
        float[] weights = w.toArray();
        for (int i = 0; i < weights.length; i++) {
            int k = i / w.width();
            weights[i] += alpha[k] * text.get(k, i % w.width());
        }
        return new LinearHead(FeatureMatrix.of(w.rows(), w.width(), weights), 1, b, null);
    }

    /** Returns the step size of the class weights: 4 N / λ_max(FᵀF), the inverse of the loss's Lipschitz constant. */
    static double weightStep(FeatureSet images, int classes) {
        return 4.0 * images.size() / largestEigenvalue(images, classes);
    }

    /** Returns the step size of the blending parameters: N / (4 max_k Σ_i (f_i · t_k)²). */
    static double blendStep(FeatureMatrix f, FeatureMatrix text) {
        FeatureMatrix cosines = f.products(text);
        double[] squares = new double[text.rows()];
        for (int i = 0; i < f.rows(); i++) {
            for (int k = 0; k < squares.length; k++) {
                squares[k] += (double) cosines.get(i, k) * cosines.get(i, k);
            }
        }
        return f.rows() / (4 * Arrays.stream(squares).max().orElseThrow());
    }

    /** Returns the largest eigenvalue of FᵀF, F normalised, by power iteration; features of one model have one dominant direction. */
    static double largestEigenvalue(FeatureSet images, int classes) {
        double[] upper = Moments.of(images, classes).squares();
        float[] first = new float[images.width()];
        images.copyNormalized(0, 0, first, 0);
        double[] v = IntStream.range(0, first.length).mapToDouble(j -> first[j]).toArray();
        double value = 0;
        for (int i = 0; i < MOST_ITERATIONS; i++) {
            double[] next = new double[v.length];
            for (int row = 0; row < v.length; row++) {
                int start = row * v.length;
                next[row] += upper[start + row] * v[row];
                for (int j = row + 1; j < v.length; j++) {
                    next[row] += upper[start + j] * v[j];
                    next[j] += upper[start + j] * v[row];
                }
            }
            double norm = Math.sqrt(Arrays.stream(next).map(x -> x * x).sum());
            for (int j = 0; j < v.length; j++) {
                v[j] = next[j] / norm;
            }
            if (Math.abs(norm - value) <= CONVERGED * norm) {
                return norm;
            }
            value = norm;
        }
        return value;
    }
}
