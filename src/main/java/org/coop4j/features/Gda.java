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
 * them, by cross-validation on the training images: fold j holds out the j-th image of each class.
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
    public boolean namesNewClasses() {
        return false;
    }

    @Override
    public Head start(ClassTexts texts, FewShotFeatures data, Trainer trainer) {
        FeatureMatrix text = texts.weights();
        Gaussians gaussians =
                Moments.of(ViewPooling.pooled(data.train()), text.rows()).gaussians();
        if (gaussians.degenerate()) {
            trainer.progress()
                    .warn("GDA needs at least two images per class, or further views of them: with one it equals"
                            + " zero-shot");
        }
        double chosen =
                alpha == 0 ? chosenAlpha(gaussians, data, text, texts.space().logitScale()) : alpha;
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

    /** Returns the smallest of the best α, on the val images or, without them, by cross-validation. */
    private static double chosenAlpha(Gaussians gaussians, FewShotFeatures data, FeatureMatrix text, float scale) {
        int most = data.train().size() > MOST_SHOTS * text.rows() ? GRID.length : AUTHORS;
        int[] hits = data.val().size() > 0
                ? hits(gaussians, text, scale, data.val(), most)
                : crossValidationHits(data.train(), text, scale, most);
        int tried = AUTHORS;
        while (tried < most && Predictions.argmax(tried, a -> hits[a]) == tried - 1) {
            tried++;
        }
        return GRID[Predictions.argmax(tried, a -> hits[a])];
    }

    /** Returns the number of held-out training images classified correctly with each of the first α of the grid. */
    static int[] crossValidationHits(FeatureSet images, FeatureMatrix text, float scale, int tried) {
        int most = Folds.most(images.labels());
        if (most < 2) {
            return new int[tried]; // no image is left to fit to
        }
        Folds folds = Folds.of(images.labels(), most);
        FeatureSet pool = ViewPooling.pooled(images);
        Moments all = Moments.of(pool, text.rows());
        int[][] hits = IntStream.range(0, most)
                .parallel()
                .mapToObj(fold -> {
                    int[] held = folds.of(fold);
                    int[] views = Arrays.stream(held)
                            .flatMap(i -> IntStream.range(i * images.views(), (i + 1) * images.views()))
                            .toArray();
                    Gaussians rest = all.without(pool.select(views)).gaussians();
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
                for (int a = 0; a < tried; a++) {
                    if (best(scale, zeroShot, GRID[a], own, gaussians.bias()) == labelled.label(first + i)) {
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
    record Gaussians(FeatureMatrix weights, float[] bias, boolean degenerate) {}

    /**
     * Sums over labelled features.
     *
     * @param squares Σ f fᵀ, [embed, embed], upper triangle
     * @param sums Σ f of each class, [classes, embed]
     * @param counts number of features of each class
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Moments(double[] squares, double[] sums, int[] counts) {

        /** Number of features whose squares are added at once. */
        private static final int BLOCK = 512;

        /** Number of features whose moments are summed by one thread, in their order. */
        private static final int PART = 1 << 14;

        /** Number of parts that are summed at the same time. */
        private static final int PARTS = 8;

        /** Returns the moments of the normalised features of each image's first view. */
        static Moments of(FeatureSet images, int classes) {
            Moments moments = none(images.width(), classes);
            for (int from = 0; from < images.size(); from += PARTS * PART) {
                int first = from;
                List<Moments> parts = IntStream.range(0, PARTS)
                        .parallel()
                        .map(part -> first + part * PART)
                        .filter(start -> start < images.size())
                        .mapToObj(start -> {
                            Moments part = none(images.width(), classes);
                            part.add(1, images, true, start, Math.min(images.size(), start + PART));
                            return part;
                        })
                        .toList();
                parts.forEach(moments::add);
            }
            return moments;
        }

        private static Moments none(int width, int classes) {
            return new Moments(
                    new double[width * width], new double[Math.multiplyExact(classes, width)], new int[classes]);
        }

        private void add(Moments others) {
            Arrays.setAll(squares, i -> squares[i] + others.squares[i]);
            Arrays.setAll(sums, i -> sums[i] + others.sums[i]);
            Arrays.setAll(counts, i -> counts[i] + others.counts[i]);
        }

        /** Returns the moments without some images. */
        Moments without(FeatureSet images) {
            Moments rest = new Moments(squares.clone(), sums.clone(), counts.clone());
            rest.add(-1, images, true, 0, images.size());
            return rest;
        }

        /** Returns the moments with further features, as they are. */
        Moments with(FeatureSet features) {
            Moments more = new Moments(squares.clone(), sums.clone(), counts.clone());
            more.add(1, features, false, 0, features.size());
            return more;
        }

        /** Adds features of a range, or subtracts them if the sign is −1. */
        private void add(int sign, FeatureSet images, boolean normalized, int from, int to) {
            int width = images.width();
            float[] feature = new float[width];
            double[] rows = new double[Math.min(BLOCK, to - from) * width];
            for (int first = from; first < to; first += BLOCK) {
                int count = Math.min(BLOCK, to - first);
                for (int i = 0; i < count; i++) {
                    if (normalized) {
                        images.copyNormalized(first + i, 0, feature, 0);
                    } else {
                        images.copy(first + i, 0, feature, 0);
                    }
                    int label = images.label(first + i);
                    counts[label] += sign;
                    for (int j = 0; j < width; j++) {
                        rows[i * width + j] = feature[j];
                        sums[label * width + j] += sign * feature[j];
                    }
                }
                Gemm.singleThreaded(() -> DoubleRows.addSquares(sign, rows, count, width, squares));
            }
        }

        /** Fits the Gaussians. */
        Gaussians gaussians() {
            int classes = counts.length;
            int width = sums.length / classes;
            int n = Arrays.stream(counts).sum();
            double[] s = squares.clone();
            double[] means = new double[sums.length]; // each times the root of its class's count
            double[] solution = new double[sums.length]; // [embed, classes]
            for (int k = 0; k < classes; k++) {
                int count = Math.max(1, counts[k]);
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
