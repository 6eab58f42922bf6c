package org.coop4j.features;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.IntStream;
import org.coop4j.base.Numbers;
import org.coop4j.base.Require;
import org.coop4j.base.Settings.Setting;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.Moments;
import org.coop4j.eval.Folds;
import org.coop4j.eval.Predictions;
import org.coop4j.graph.host.DoubleRows;
import org.coop4j.graph.host.Gemm;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.FeatureMethod;
import org.coop4j.method.LinearHead;
import org.coop4j.method.LinearHead.ClassRows;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.PromptEnsemble.TextPrompts;
import org.coop4j.method.Trainer;
import org.coop4j.weights.Shape;

/**
 * Gaussian discriminant analysis (Wang et al.: "A Hard-to-Beat Baseline for Training-Free CLIP-based Adaptation", ICLR
 * 2024; the reference's {@code main_few_shots.py}): the sum of zero-shot logits and those of Gaussians with one shared
 * covariance, in closed form.
 *
 * <p>logits = exp(logit_scale) · f · tᵀ + α (f · W + b). α is the smallest of the best on the val images or, without
 * them, by cross-validation on the training images: fold j holds out the j-th image of each class. From more than 16
 * images per class α is larger, and both decide together as long as the val images are few.
 *
 * @param prompts hand-written prompts of the zero-shot part
 * @param alpha weight of the Gaussians; 0 chooses it
 */
record Gda(TextPrompts prompts, @Setting("weight of the Gaussians beside zero-shot CLIP; 0 chooses it") double alpha)
        implements FeatureMethod {

    /** Values of α, ascending; beyond the authors', only as long as the largest is the best. */
    private static final double[] GRID = {1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100, 1e3, 1e4, 1e5, 1e6};

    /** Number of the authors' values. */
    static final int AUTHORS = 7;

    /** Images per class up to which the authors chose α; the precision falls as the images grow in number. */
    private static final int MOST_SHOTS = 16;

    /** Held-out images that decide alone, and number of training images that are held out otherwise. */
    private static final int ENOUGH = 5_000;

    /** Number of folds of many images. */
    private static final int FOLDS = 5;

    /** Images that are scored at once. */
    private static final int SCORED = 2048;

    static final String WEIGHTS = "w";
    static final String BIAS = "b";
    static final String TEXT = "text";

    public Gda {
        Require.present("prompts", prompts);
        Require.notNegative("alpha", alpha);
    }

    public Gda() {
        this(new TextPrompts(), 0);
    }

    @Override
    public About about() {
        return new About(
                "gda",
                alpha == 0 ? "GDA" : "GDA (α = " + Numbers.plain(alpha) + ")",
                "Gaussian discriminant analysis added to zero-shot CLIP, in closed form; strong from 4 images per class"
                        + " (Wang et al., ICLR 2024).");
    }

    @Override
    public boolean usesVal() {
        return true;
    }

    @Override
    public boolean learnsFromSums() {
        return true;
    }

    @Override
    public boolean namesNewClasses() {
        return false;
    }

    @Override
    public Head start(ClassTexts texts, FewShotFeatures data, Trainer trainer) {
        FeatureMatrix text = texts.weights();
        Moments moments = data.sums() != null ? data.sums() : Moments.of(ViewPooling.pooled(data.train()), text.rows());
        Gaussians gaussians = Gaussians.of(moments);
        if (gaussians.degenerate()) {
            trainer.progress()
                    .warn("GDA needs at least two images per class, or further views of them: with one it equals"
                            + " zero-shot");
        }
        double chosen = alpha == 0
                ? chosenAlpha(moments, gaussians, data, text, texts.space().logitScale())
                : alpha;
        return new Head(file -> addTo(file.withMethod(file.method().with(Map.of("alpha", chosen))), gaussians, text));
    }

    /** Returns a file with Gaussians and text features, [classes, embed] and normalised. */
    static ClassifierFile addTo(ClassifierFile file, Gaussians gaussians, FeatureMatrix text) {
        return file.with(WEIGHTS, gaussians.weights())
                .with(BIAS, Shape.of(text.rows()), gaussians.bias())
                .with(TEXT, text);
    }

    @Override
    public Classifier read(FeatureSpace space, ClassifierFile file) throws IOException {
        return rows(space, file).linear(rows -> head(rows, space.logitScale()));
    }

    /**
     * Returns the Gaussians and text features that {@link #addTo} wrote.
     *
     * @throws IOException if a tensor is missing or has another shape
     */
    static ClassRows rows(FeatureSpace space, ClassifierFile file) throws IOException {
        file.requireClassRows(space, WEIGHTS, TEXT);
        file.require(Shape.of(file.classNames().size()), BIAS);
        return new ClassRows(space, file, List.of(WEIGHTS, BIAS, TEXT), null);
    }

    /** Returns zero-shot CLIP and Gaussians as one linear head. */
    private LinearHead head(ClassifierFile rows, float scale) {
        float[] bias = rows.tensor(BIAS).values().clone();
        for (int k = 0; k < bias.length; k++) {
            bias[k] = (float) (alpha * bias[k]);
        }
        return new LinearHead(rows.matrix(TEXT).times(scale).plus(rows.matrix(WEIGHTS), alpha), 1, bias, null);
    }

    /** Returns the smallest of the best α on held-out images. */
    static double chosenAlpha(
            Moments moments, Gaussians gaussians, FewShotFeatures data, FeatureMatrix text, float scale) {
        long images = data.sums() != null ? moments.size() : data.train().size();
        boolean areMany = images > (long) MOST_SHOTS * text.rows();
        int most = areMany ? GRID.length : AUTHORS;
        int[] hits = hits(gaussians, text, scale, data.val(), most);
        if (data.val().size() == 0 || (areMany && data.val().size() < ENOUGH)) {
            FeatureSet held = areMany ? data.train().drawn(Math.max(1, ENOUGH / text.rows())) : data.train();
            int folds = Math.min(areMany ? FOLDS : Integer.MAX_VALUE, Folds.most(held.labels()));
            int[] ofTraining = crossValidationHits(moments, held, folds, text, scale, most);
            Arrays.setAll(hits, a -> hits[a] + ofTraining[a]);
        }
        int tried = AUTHORS;
        while (tried < most && Predictions.argmax(tried, a -> hits[a]) == tried - 1) {
            tried++;
        }
        return GRID[Predictions.argmax(tried, a -> hits[a])];
    }

    /**
     * Returns the number of held-out images classified correctly with each of the first α of the grid.
     *
     * @param all moments of all training images, in all views
     * @param images those that are held out, fold by fold
     * @param count number of folds; with fewer than 2 no image is left to fit to
     */
    static int[] crossValidationHits(
            Moments all, FeatureSet images, int count, FeatureMatrix text, float scale, int tried) {
        if (count < 2) {
            return new int[tried];
        }
        Folds folds = Folds.of(images.labels(), count);
        FeatureSet pool = ViewPooling.pooled(images);
        int[][] hits = IntStream.range(0, count)
                .parallel()
                .mapToObj(fold -> {
                    int[] held = folds.of(fold);
                    int[] views = Arrays.stream(held)
                            .flatMap(i -> IntStream.range(i * images.views(), (i + 1) * images.views()))
                            .toArray();
                    Gaussians rest = Gaussians.of(all.without(pool.select(views)));
                    return hits(rest, text, scale, images.select(held), tried);
                })
                .toArray(int[][]::new);
        return IntStream.range(0, tried)
                .map(a -> Arrays.stream(hits).mapToInt(fold -> fold[a]).sum())
                .toArray();
    }

    /** Returns the number of images classified correctly with each of the first α of the grid. */
    static int[] hits(Gaussians gaussians, FeatureMatrix text, float scale, FeatureSet labelled, int tried) {
        AtomicIntegerArray hits = new AtomicIntegerArray(tried);
        for (int from = 0; from < labelled.size(); from += SCORED) {
            int first = from;
            int[] block = IntStream.range(from, Math.min(labelled.size(), from + SCORED))
                    .toArray();
            FeatureMatrix images = labelled.matrixOf(block).normalized();
            FeatureMatrix cosines = images.products(text);
            FeatureMatrix products = images.products(gaussians.weights());
            IntStream.range(0, block.length).parallel().forEach(i -> {
                float[] zeroShot = cosines.row(i);
                float[] own = products.row(i);
                int label = labelled.label(first + i);
                for (int a = 0; a < tried; a++) {
                    if (best(scale, zeroShot, GRID[a], own, gaussians.bias()) == label) {
                        hits.incrementAndGet(a);
                    }
                }
            });
        }
        return IntStream.range(0, tried).map(hits::get).toArray();
    }

    /** Returns the class of the largest logit of an image; of equal logits the first class wins. */
    static int best(double scale, float[] cosines, double alpha, float[] products, float[] bias) {
        int best = 0;
        double most = Double.NEGATIVE_INFINITY;
        for (int k = 0; k < bias.length; k++) {
            double logit = scale * (double) cosines[k] + alpha * ((double) products[k] + bias[k]);
            if (logit > most) {
                best = k;
                most = logit;
            }
        }
        return best;
    }

    /**
     * Gaussians of the classes with one shared covariance, and the linear classifier that follows from Bayes' rule,
     * computed in double precision.
     *
     * <p>S = Σ (f − μ_y)(f − μ_y)ᵀ over n features; precision Σ⁻¹ = D · (S + tr S / (n − 1) · I)⁻¹; W = Σ⁻¹ μᵀ; b_k = −
     * ln C − ½ μ_k Σ⁻¹ μ_kᵀ. W is zero if S is zero.
     *
     * @param weights Wᵀ, [classes, embed]
     * @param bias b, [classes]
     * @param degenerate whether S is zero
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Gaussians(FeatureMatrix weights, float[] bias, boolean degenerate) {

        /** Fits the Gaussians. */
        static Gaussians of(Moments moments) {
            long[] counts = moments.counts();
            double[] sums = moments.sums();
            int classes = counts.length;
            int width = sums.length / classes;
            long n = moments.size();
            double[] s = moments.squares().clone();
            double[] means = new double[sums.length]; // each times the root of its class's count
            double[] solution = new double[sums.length]; // [embed, classes]
            for (int k = 0; k < classes; k++) {
                double count = (double) Math.max(1, counts[k]);
                for (int j = 0; j < width; j++) {
                    double sum = sums[k * width + j];
                    means[k * width + j] = sum / Math.sqrt(count);
                    solution[j * classes + k] = sum / count;
                }
            }
            Gemm.singleThreaded(() -> DoubleRows.addSquares(-1, means, classes, width, s));
            double trace =
                    IntStream.range(0, width).mapToDouble(i -> s[i * width + i]).sum();
            float[] bias = new float[classes];
            Arrays.fill(bias, (float) -Math.log(classes));
            float[] weights = new float[sums.length];
            // Means of single features differ from them by rounding alone.
            boolean degenerate = !(trace > 1e-10 * n);
            if (!degenerate) {
                for (int i = 0; i < width; i++) {
                    s[i * width + i] += trace / (n - 1);
                }
                Gemm.singleThreaded(() -> DoubleRows.solve(s, width, solution));
                for (int k = 0; k < classes; k++) {
                    double square = 0; // μ Σ⁻¹ μᵀ
                    for (int j = 0; j < width; j++) {
                        double weight = width * solution[j * classes + k];
                        weights[k * width + j] = (float) weight;
                        square += sums[k * width + j] / Math.max(1, counts[k]) * weight;
                    }
                    bias[k] = (float) (-Math.log(classes) - 0.5 * square);
                }
            }
            return new Gaussians(FeatureMatrix.of(classes, width, weights), bias, degenerate);
        }
    }
}
