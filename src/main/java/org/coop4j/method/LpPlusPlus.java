package org.coop4j.method;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.coop4j.base.Setting;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.StepGraph;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.FeatureSets;
import org.coop4j.eval.Predictions;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.method.train.Optimizer;
import org.coop4j.method.train.Training;
import org.coop4j.method.train.Training.Schedule;
import org.coop4j.weights.Shape;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * LP++ (Huang, Shakeri, Dolz, Boudiaf, Bahig, Ben Ayed: "LP++: A Surprisingly Strong Linear Probe
 * for Few-Shot CLIP", CVPR 2024; the reference's {@code methods/linear_probe_p2.py}): a linear
 * probe whose class weights are blended with the text features.
 *
 * <p>logits = f · (w_k + α_k t_k) + b_k, without a logit scale. {@link BlockDescent} has the step
 * sizes. The bias begins as 0; the reference's is random.
 *
 * @param prompts hand-written prompts of the text features
 * @param search whether the epoch is chosen on the val images, where there are any
 */
public record LpPlusPlus(
        TextPrompts prompts,
        @Setting("choose the epoch on the val images, where there are any") boolean search)
        implements Method {

    private static final String W = "w";
    private static final String B = "b";
    private static final String ALPHA = "alpha";
    private static final String TEXT = "text";

    /** α at first is so much times the mean cosine of the images with their classes' texts. */
    private static final double INITIAL_BLEND = 250;

    public LpPlusPlus() {
        this(new TextPrompts(), true);
    }

    @Override
    public String id() {
        return "lpp";
    }

    @Override
    public String title() {
        return "LP++";
    }

    @Override
    public String summary() {
        return "A linear probe of normalised features to whose class weights a learned multiple of"
                + " the text features is added; its step sizes follow from the data, so that there"
                + " is nothing to tune. 300 steps over all images: seconds. The epoch is chosen on"
                + " the val images where there are any. Take it from a few images a class on. Huang"
                + " et al., CVPR 2024; published with ResNet-50 at 1, 2, 4, 8, 16 shots: 63.43,"
                + " 66.20, 69.16, 72.04, 74.42 %, the epoch chosen on few val images.";
    }

    /** Rates are in units of the data's own step sizes. */
    @Override
    public Training training(int shots) {
        return Training.sgd(300, Training.ALL_IMAGES, 1, 0, Schedule.CONSTANT);
    }

    @Override
    public boolean usesVal() {
        return search;
    }

    @Override
    public Learner learner(FeatureSpace space, Task task) {
        return new FeatureLearner(
                this,
                space,
                task,
                prompts,
                images -> 2.0 * task.classNames().size(),
                (text, data, trainer) ->
                        new Blend(
                                text.weights(),
                                Views.first(data.train()),
                                search ? data.val() : FeatureSets.none(data.train().width())));
    }

    /** Class weights that are blended with the text features. */
    static final class Blend implements FeatureLearner.Model {

        private final FeatureMatrix text;
        private final FeatureSet train;
        private final FeatureSet val;
        private final LearnedTensor w;
        private final LearnedTensor b;
        private final LearnedTensor alpha; // [classes, 1]
        private BlockDescent descent;

        /**
         * @param text normalised text features, one row a class
         * @param val images that choose the epoch; none: the last
         */
        Blend(FeatureMatrix text, FeatureSet train, FeatureSet val) {
            this.text = text;
            this.train = train;
            this.val = val;
            int classes = text.rows();
            int[] counts = new int[classes];
            for (int label : train.labels()) {
                counts[label]++;
            }
            FeatureMatrix sums = Views.sums(train, classes);
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
            descent =
                    new BlockDescent(
                            training,
                            List.of(w, b),
                            alpha,
                            BlockDescent.StepSizes.of(Views.normalized(train, 0), text),
                            val.size() == 0 ? null : this::valHits);
            return descent;
        }

        /** Val images that are right with the tensors as they are. */
        int valHits() {
            FeatureMatrix logits =
                    head(FeatureMatrix.of(w), b.values(), alpha.values(), text)
                            .logits(new MatrixLogits(), Views.normalized(val, 0));
            int hits = 0;
            for (int i = 0; i < logits.rows(); i++) {
                hits += Predictions.argmax(logits.row(i)) == val.label(i) ? 1 : 0;
            }
            return hits;
        }

        @Override
        public ClassifierFile addTo(ClassifierFile file) {
            if (descent != null) {
                descent.takeBest();
            }
            return file.with(w)
                    .with(b)
                    .with(ALPHA, Shape.of(text.rows()), alpha.values())
                    .with(TEXT, text);
        }
    }

    @Override
    public Classifier read(FeatureSpace space, ClassifierFile file) throws IOException {
        file.requireClassRows(space, W, TEXT);
        file.require(B, Shape.of(file.classNames().size()));
        file.require(ALPHA, Shape.of(file.classNames().size()));
        return new ClassRows(List.of(W, B, ALPHA, TEXT), names -> unlearned(space, file, names))
                .linear(
                        file,
                        rows ->
                                head(
                                        rows.matrix(W),
                                        rows.tensor(B).values(),
                                        rows.tensor(ALPHA).values(),
                                        rows.matrix(TEXT)));
    }

    /** A new class has its text features alone, blended as those of the learned are on average. */
    private Map<String, float[]> unlearned(
            FeatureSpace space, ClassifierFile file, List<String> names) {
        float[] text = prompts.ofFile().classWeights(space, names).toArray();
        float[] learned = file.tensor(ALPHA).values();
        double sum = 0;
        for (float value : learned) {
            sum += value;
        }
        float[] alpha = new float[names.size()];
        Arrays.fill(alpha, (float) (sum / learned.length));
        return Map.of(
                W, new float[text.length], B, new float[names.size()], ALPHA, alpha, TEXT, text);
    }

    /** The same as one linear head: weights w_k + α_k t_k. */
    static LinearHead head(FeatureMatrix w, float[] b, float[] alpha, FeatureMatrix text) {
        float[] weights = w.toArray();
        for (int i = 0; i < weights.length; i++) {
            int k = i / w.width();
            weights[i] += alpha[k] * text.get(k, i % w.width());
        }
        return new LinearHead(FeatureMatrix.of(w.rows(), w.width(), weights), 1, b);
    }
}
