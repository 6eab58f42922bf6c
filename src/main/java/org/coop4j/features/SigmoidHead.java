package org.coop4j.features;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.coop4j.base.Numbers;
import org.coop4j.base.Require;
import org.coop4j.base.Settings.Setting;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.StepGraph;
import org.coop4j.data.FeatureSet;
import org.coop4j.eval.Labels;
import org.coop4j.graph.Graph.Focus;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.FeatureMethod;
import org.coop4j.method.LinearHead;
import org.coop4j.method.LinearHead.ClassRows;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.Optimizer;
import org.coop4j.method.Optimizer.Algorithm;
import org.coop4j.method.PromptEnsemble.TextPrompts;
import org.coop4j.method.Trainer;
import org.coop4j.method.Training;
import org.coop4j.method.Training.BatchOrder;
import org.coop4j.method.Training.Schedule;
import org.coop4j.weights.Shape;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * A linear head for images with several labels, which starts as zero-shot CLIP: z = exp(logit_scale) · f · w + b, and a
 * class's probability is the sigmoid of its z.
 *
 * <p>loss = Σ over classes of (mean over the class's known labels) + (lambda / K) Σ (w − t)², with t the text features and K
 * the median number of positives per class; at another logit scale than 100, lambda is multiplied by the square of {@link
 * Training#reach}, since models of small scales need the texts more (measured at a scale of 20). b starts halfway between
 * the mean zero-shot logits of the class's positives and negatives.
 *
 * @param lambda weight of the penalty, which is divided by the number of positives per class
 * @param loss the loss of an entry
 * @param prompts hand-written prompts of the text features
 */
record SigmoidHead(
        @Setting("weight of the penalty on the distance from the texts, divided by the positives per class")
                double lambda,
        @Setting("binary cross-entropy, or the asymmetric loss") EntryLoss loss,
        TextPrompts prompts)
        implements FeatureMethod {

    static final String W = "w"; // [classes, embed]
    static final String B = "b";

    /** Mean of the normalised features that were learned from, [1, embed], and the mean logit of a class at the start. */
    private static final String SUPPORT = "support";

    private static final String START = "start";
    private static final Focus ASYMMETRIC = new Focus(4, 0, 0.05, 1e-8);
    private static final double USUAL_LAMBDA = 0.1;
    private static final double RATE = 1e-3;
    private static final double EPSILON = 1e-4;
    private static final int STEPS = 300;

    /** Losses of an entry. */
    enum EntryLoss {
        /** Binary cross-entropy. */
        BCE,
        /** The asymmetric loss with γ₋ = 4 and γ₊ = 0, whose probabilities need calibration. */
        ASL
    }

    public SigmoidHead {
        Require.present("loss", loss);
        Require.present("prompts", prompts);
        Require.notNegative("lambda", lambda);
    }

    public SigmoidHead() {
        this(USUAL_LAMBDA, EntryLoss.BCE, new TextPrompts());
    }

    @Override
    public About about() {
        List<String> own = new ArrayList<>();
        if (loss != EntryLoss.BCE) {
            own.add(loss.name());
        }
        if (lambda != USUAL_LAMBDA) {
            own.add("λ = " + Numbers.plain(lambda) + "/K");
        }
        return new About(
                "linear-head",
                "linear head" + (own.isEmpty() ? "" : " (" + String.join(", ", own) + ")"),
                "Several labels per image: class weights and offsets for sigmoids, starting at zero-shot CLIP, close to the"
                        + " text features; for one image per class or more.");
    }

    @Override
    public boolean suits(boolean sets) {
        return sets;
    }

    @Override
    public Training training(int shots) {
        return Training.adam(Algorithm.ADAM, STEPS, Training.ALL_IMAGES, RATE, 0, EPSILON, Schedule.STEP_COSINE);
    }

    @Override
    public double work(int images, int classes, int width, Training training) {
        return 4.0 * training.epochs() * images * classes * width;
    }

    @Override
    public Head start(ClassTexts texts, FewShotFeatures data, Trainer trainer) {
        int[] positives =
                Labels.positives(data.train().labelSets(), texts.classNames().size());
        Arrays.sort(positives);
        double median = Math.max(1, positives[positives.length / 2]);
        return head(texts.weights(), data.train(), texts.space().logitScale(), lambda / median);
    }

    /** Returns the head before training, with a factor of the sum of squared differences from the text features. */
    Head head(FeatureMatrix text, FeatureSet train, float scale, double penalty) {
        FeatureMatrix images = train.matrix().normalized();
        double[] b = offsets(images.products(text), train.labelSets(), scale);
        FeatureMatrix support = mean(images);
        float start = (float) IntStream.range(0, b.length)
                .mapToDouble(k -> scale * support.dot(0, text, k) + b[k])
                .average()
                .orElseThrow();
        LearnedTensor w = text.learned(W);
        // In units of the scale, so that one rate fits both.
        LearnedTensor offset = LearnedTensor.zeros(B, b.length);
        IntStream.range(0, b.length).forEach(k -> offset.values()[k] = (float) (b[k] / scale));
        return new Head(
                file -> file.with(offset)
                        .with(w)
                        .with(B, Shape.of(b.length), scaled(offset.values(), scale))
                        .with(SUPPORT, support)
                        .with(START, Shape.of(1), new float[] {start}),
                w,
                offset) {
            @Override
            public Function<List<Labels>, float[][]> targets() {
                return labels -> {
                    int[] known = new int[b.length];
                    labels.forEach(own -> IntStream.range(0, b.length)
                            .forEach(k -> known[k] += own.state(k) == Labels.UNKNOWN ? 0 : 1));
                    return Labels.weights(labels, b.length, k -> 1.0 / known[k]);
                };
            }

            @Override
            public BatchOrder order(int samples, Trainer trainer) {
                int[][] all = {IntStream.range(0, samples).toArray()};
                return trainer.training().batch() < samples
                        ? super.order(samples, trainer)
                        : new BatchOrder(1, samples, epoch -> all);
            }

            @Override
            public Optimizer optimizer(Training training) {
                double ofOffset = training.epsilon() * scale * Training.reach(scale);
                return new Optimizer(training) {
                    @Override
                    protected double epsilon(LearnedTensor tensor) {
                        return tensor.name().equals(B) ? ofOffset : super.epsilon(tensor);
                    }
                };
            }

            @Override
            public SDVariable loss(StepGraph step) {
                step.fast();
                SDVariable learned = step.learned(W);
                SDVariable z = step.scaled(step.ops().linear(step.images(), learned, step.learned(B)));
                SDVariable change = step.ops().add(learned, step.constant("text", text.times(-1)));
                double reach = Training.reach(step.logitScale());
                return step.labelLoss(z, loss == EntryLoss.BCE ? null : ASYMMETRIC)
                        .add(step.ops().sumOfSquares(change).mul(penalty * reach * reach));
            }
        };
    }

    private static float[] scaled(float[] values, float factor) {
        return FeatureMatrix.of(1, values.length, values).times(factor).row(0);
    }

    private static FeatureMatrix mean(FeatureMatrix images) {
        float[] mean = new float[images.width()];
        for (int j = 0; j < mean.length; j++) {
            int column = j;
            mean[j] = (float) IntStream.range(0, images.rows())
                    .mapToDouble(i -> images.get(i, column))
                    .average()
                    .orElseThrow();
        }
        return FeatureMatrix.of(1, mean.length, mean);
    }

    /**
     * Returns −½ (mean logit of the positives + of the negatives) of each class. A class without one of them takes the mean
     * gap between both of the other classes.
     */
    private static double[] offsets(FeatureMatrix cosines, List<Labels> labels, float scale) {
        double[][] sums = new double[cosines.width()][2]; // by state
        int[][] counts = new int[cosines.width()][2];
        for (int i = 0; i < cosines.rows(); i++) {
            for (int k = 0; k < sums.length; k++) {
                int state = labels.get(i).state(k);
                if (state != Labels.UNKNOWN) {
                    sums[k][state] += scale * cosines.get(i, k);
                    counts[k][state]++;
                }
            }
        }
        double gap = IntStream.range(0, sums.length)
                .filter(k -> counts[k][0] > 0 && counts[k][1] > 0)
                .mapToDouble(k -> sums[k][1] / counts[k][1] - sums[k][0] / counts[k][0])
                .average()
                .orElse(0);
        return IntStream.range(0, sums.length)
                .mapToDouble(k -> {
                    double absent = sums[k][0] / Math.max(1, counts[k][0]);
                    double present = sums[k][1] / Math.max(1, counts[k][1]);
                    if (counts[k][1] == 0) {
                        return -absent - gap / 2;
                    }
                    return counts[k][0] == 0 ? -present + gap / 2 : -(absent + present) / 2;
                })
                .toArray();
    }

    /** A new class has its text features, and the offset that gives it the mean logit of the others at the start. */
    @Override
    public Classifier read(FeatureSpace space, ClassifierFile file) throws IOException {
        file.requireClassRows(space, W);
        file.require(Shape.of(file.classNames().size()), B);
        file.require(Shape.of(1, space.embedDim()), SUPPORT);
        file.require(Shape.of(1), START);
        float scale = space.logitScale();
        return new ClassRows(space, file, List.of(W, B), names -> {
                    FeatureMatrix text = textsOfFile(space, file, names).weights();
                    float[] b = new float[names.size()];
                    for (int k = 0; k < b.length; k++) {
                        b[k] = file.tensor(START).values()[0]
                                - scale * file.matrix(SUPPORT).dot(0, text, k);
                    }
                    return Map.of(W, text.toArray(), B, b);
                })
                .linear(rows ->
                        new LinearHead(rows.matrix(W), scale, rows.tensor(B).values(), null));
    }
}
