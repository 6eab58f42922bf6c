package org.coop4j.features;

import java.io.IOException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.coop4j.base.Numbers;
import org.coop4j.base.Require;
import org.coop4j.base.Settings.Setting;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.FeatureSet.DenseFeatures;
import org.coop4j.data.Moments;
import org.coop4j.eval.Folds;
import org.coop4j.eval.Predictions;
import org.coop4j.features.Gda.Gaussians;
import org.coop4j.features.TipAdapter.KeyCache;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.FeatureMethod;
import org.coop4j.method.LinearHead;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.PromptEnsemble.TextPrompts;
import org.coop4j.method.Trainer;

/**
 * TIMO (Li et al.: "Text and Image Are Mutually Beneficial: Enhancing Training-Free Few-Shot Classification with CLIP", AAAI
 * 2025; the reference's {@code models.py}): images weigh the texts of their class, and texts join the images of {@link Gda}.
 *
 * <p>With m_k the mean image of class k, s_kp = e_kp · m_k is the score of its text p, and t_k = unit(Σ_p softmax_p(γ s_k/‖s_k‖)
 * e_kp). The β best texts, each times its score, are further samples of the Gaussians. logits = α f · tᵀ + f · W + b.
 *
 * <p>With val images, γ, β and α are those that classify them best (TIMO-S). Without them, γ = 50, β is the number of texts,
 * and α the largest whose hits in cross-validation are within a standard error of the most.
 *
 * @param alpha weight of the texts beside the Gaussians; 0 chooses it
 * @param gamma sharpness of the weights of a class's texts; 0 chooses it
 * @param samples number of texts of a class that join its images; 0 chooses it
 * @param prompts hand-written prompts, whose texts are scored
 */
record Timo(
        @Setting("weight of the texts beside the Gaussians; 0 chooses it") double alpha,
        @Setting("sharpness of the weights of a class's texts; 0 chooses it") double gamma,
        @Setting("number of texts of a class that join its images; 0 chooses it") int samples,
        TextPrompts prompts)
        implements FeatureMethod {

    private static final double[] ALPHAS = {1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100, 1_000, 10_000};
    private static final double GAMMA = 50;
    private static final int GAMMAS = 20;
    private static final int BETAS = 10;

    public Timo {
        Require.present("prompts", prompts);
        Require.notNegative("alpha", alpha);
        Require.notNegative("gamma", gamma);
        Require.notNegative("samples", samples);
    }

    public Timo() {
        this(0, 0, 0, new TextPrompts());
    }

    @Override
    public About about() {
        return new About(
                "timo",
                alpha == 0 ? "TIMO" : "TIMO (α = " + Numbers.plain(alpha) + ")",
                "Images weigh the texts of their class, and texts join the images of Gaussian discriminant analysis; in"
                        + " closed form, best with class descriptions (Li et al., AAAI 2025).");
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
        Matching all = Matching.of(texts.ofEachClass(), data.train());
        Timo used = chosen(all, data.val(), texts.space().logitScale() / 100);
        FeatureMatrix text = all.text(used.gamma);
        Gaussians gaussians = all.gaussians(used.samples);
        Map<String, Object> settings = Map.of("alpha", used.alpha, "gamma", used.gamma, "samples", used.samples);
        return new Head(file -> Gda.addTo(file.withMethod(file.method().with(settings)), gaussians, text));
    }

    @Override
    public Classifier read(FeatureSpace space, ClassifierFile file) throws IOException {
        return Gda.rows(space, file)
                .linear(rows -> new LinearHead(
                        rows.matrix(Gda.WEIGHTS).plus(rows.matrix(Gda.TEXT), alpha),
                        1,
                        rows.tensor(Gda.BIAS).values(),
                        null));
    }

    /** Returns this method with the settings that were left to choose. */
    private Timo chosen(Matching all, FeatureSet val, double scale) {
        boolean searches = val.size() > 0;
        double sharpness = gamma > 0 ? gamma : searches ? 5.0 * (1 + first(gammaHits(all, val))) : GAMMA;
        int[] counts = samples > 0 ? new int[] {samples} : searches ? counts(all.texts()) : new int[] {all.texts()};
        double[] alphas = alpha > 0
                ? new double[] {alpha}
                : Arrays.stream(ALPHAS).map(a -> scale * a).toArray();
        if (!searches) {
            int best = alphas.length == 1 ? 0 : careful(all.heldOutHits(sharpness, counts[0], alphas), all.images());
            return new Timo(alphas[best], sharpness, counts[0], prompts);
        }
        Timo chosen = null;
        int most = -1;
        for (int count : counts) {
            int[] hits = all.hits(sharpness, count, alphas, val);
            int best = first(hits);
            if (hits[best] > most) {
                most = hits[best];
                chosen = new Timo(alphas[best], sharpness, count, prompts);
            }
        }
        return chosen;
    }

    private static int first(int[] hits) {
        return Predictions.argmax(hits.length, i -> hits[i]);
    }

    /** Returns ten numbers of texts in equal steps up to twice their number, rounded down. */
    static int[] counts(int texts) {
        return IntStream.range(0, BETAS)
                .map(i -> (int) (1 + i * (2 * texts - 1) / (BETAS - 1.0)))
                .toArray();
    }

    /** Returns the number of images that the texts alone classify correctly with each γ of 5, 10, …, 100. */
    static int[] gammaHits(Matching all, FeatureSet labelled) {
        FeatureMatrix images = labelled.matrix().normalized();
        return IntStream.range(0, GAMMAS)
                .map(g -> {
                    FeatureMatrix cosines = images.products(all.text(5.0 * (g + 1)));
                    return (int) IntStream.range(0, labelled.size())
                            .filter(i -> Predictions.argmax(cosines.row(i)) == labelled.label(i))
                            .count();
                })
                .toArray();
    }

    /** Returns the position of the largest α whose hits are within a standard error of the most. */
    static int careful(int[] hits, int images) {
        double most = Arrays.stream(hits).max().orElseThrow();
        double enough = most - Math.sqrt(most * (images - most) / images);
        return IntStream.range(0, hits.length)
                .filter(i -> hits[i] >= enough)
                .max()
                .orElseThrow();
    }

    /**
     * Texts and images of the classes, matched.
     *
     * @param pools normalised features of each class's texts, the same number for every class
     * @param views all views of the training images, each as an image
     * @param keys normalised mean view of each image
     * @param labels the class of each image
     * @param scores s, [classes, texts]
     * @param moments of the images
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Matching(
            List<FeatureMatrix> pools,
            FeatureSet views,
            FeatureMatrix keys,
            int[] labels,
            double[][] scores,
            Moments moments) {

        /**
         * Matches images and texts; the last texts of classes that have more than others are left out.
         *
         * @param pools features of each class's texts
         */
        static Matching of(List<FeatureMatrix> pools, FeatureSet images) {
            int[] kept = IntStream.range(
                            0,
                            pools.stream().mapToInt(FeatureMatrix::rows).min().orElseThrow())
                    .toArray();
            List<FeatureMatrix> cut =
                    pools.stream().map(all -> all.rows(kept).normalized()).toList();
            FeatureSet views = ViewPooling.pooled(images);
            return of(cut, views, KeyCache.keys(images), images.labels(), Moments.of(views, pools.size()));
        }

        private static Matching of(
                List<FeatureMatrix> pools, FeatureSet views, FeatureMatrix keys, int[] labels, Moments moments) {
            FeatureMatrix means = means(pools, keys, labels);
            double[][] scores = new double[pools.size()][];
            for (int k = 0; k < scores.length; k++) {
                int row = k;
                FeatureMatrix own = pools.get(k);
                scores[k] = IntStream.range(0, own.rows())
                        .mapToDouble(p -> own.dot(p, means, row))
                        .toArray();
            }
            return new Matching(pools, views, keys, labels, scores, moments);
        }

        /** Returns the normalised mean of each class's images; of its texts if there are none. */
        static FeatureMatrix means(List<FeatureMatrix> pools, FeatureMatrix keys, int[] labels) {
            int width = keys.width();
            float[] sums = new float[pools.size() * width];
            boolean[] seen = new boolean[pools.size()];
            for (int i = 0; i < labels.length; i++) {
                add(keys, i, sums, labels[i] * width);
                seen[labels[i]] = true;
            }
            for (int k = 0; k < seen.length; k++) {
                for (int p = 0; !seen[k] && p < pools.get(k).rows(); p++) {
                    add(pools.get(k), p, sums, k * width);
                }
            }
            return FeatureMatrix.of(pools.size(), width, sums).normalized();
        }

        private static void add(FeatureMatrix from, int row, float[] sums, int offset) {
            for (int j = 0; j < from.width(); j++) {
                sums[offset + j] += from.get(row, j);
            }
        }

        /** Returns the number of texts of a class. */
        int texts() {
            return pools.get(0).rows();
        }

        int images() {
            return labels.length;
        }

        /** Returns the matching without the images of a fold. */
        private Matching without(Folds folds, int fold) {
            int[] rest = folds.without(fold);
            int each = views.size() / labels.length;
            int[] held = Arrays.stream(folds.of(fold))
                    .flatMap(i -> IntStream.range(i * each, (i + 1) * each))
                    .toArray();
            int[] left = Arrays.stream(rest).map(i -> labels[i]).toArray();
            return of(pools, views, keys.rows(rest), left, moments.without(views.select(held)));
        }

        /** Returns the weights of each class's texts, [classes][texts]. */
        double[][] weights(double gamma) {
            return Arrays.stream(scores)
                    .map(s -> {
                        double norm = Math.sqrt(Arrays.stream(s).map(x -> x * x).sum());
                        double[] e = Arrays.stream(s)
                                .map(x -> Math.exp(gamma * x / norm))
                                .toArray();
                        double sum = Arrays.stream(e).sum();
                        return Arrays.stream(e).map(x -> x / sum).toArray();
                    })
                    .toArray(double[][]::new);
        }

        /** Returns t, [classes, embed]. */
        FeatureMatrix text(double gamma) {
            double[][] weights = weights(gamma);
            int width = keys.width();
            float[] rows = new float[weights.length * width];
            for (int k = 0; k < weights.length; k++) {
                for (int j = 0; j < width; j++) {
                    double sum = 0;
                    for (int p = 0; p < weights[k].length; p++) {
                        sum += weights[k][p] * pools.get(k).get(p, j);
                    }
                    rows[k * width + j] = (float) sum;
                }
            }
            return FeatureMatrix.of(weights.length, width, rows).normalized();
        }

        /** Returns the Gaussians of the images and the best texts of each class; beyond their number, the best come again. */
        Gaussians gaussians(int count) {
            int width = keys.width();
            float[] rows = new float[scores.length * count * width];
            for (int k = 0; k < scores.length; k++) {
                double[] s = scores[k];
                int[] order = IntStream.range(0, s.length)
                        .boxed()
                        .sorted(Comparator.comparingDouble(p -> -s[p]))
                        .mapToInt(p -> p)
                        .toArray();
                for (int i = 0; i < count; i++) {
                    int p = order[i % order.length];
                    for (int j = 0; j < width; j++) {
                        rows[(k * count + i) * width + j] =
                                (float) (s[p] * pools.get(k).get(p, j));
                    }
                }
            }
            int[] classes = IntStream.range(0, scores.length * count)
                    .map(i -> i / count)
                    .toArray();
            return Gaussians.of(moments.with(new DenseFeatures(width, 1, rows, classes)));
        }

        /** Returns the number of images classified correctly with each α. */
        int[] hits(double gamma, int count, double[] alphas, FeatureSet labelled) {
            Gaussians gaussians = gaussians(count);
            FeatureMatrix images = labelled.matrix().normalized();
            FeatureMatrix cosines = images.products(text(gamma));
            FeatureMatrix products = images.products(gaussians.weights());
            return Arrays.stream(alphas)
                    .mapToInt(alpha -> (int) IntStream.range(0, images.rows())
                            .filter(i -> Gda.best(alpha, cosines.row(i), 1, products.row(i), gaussians.bias())
                                    == labelled.label(i))
                            .count())
                    .toArray();
        }

        /** Returns the number of held-out training images classified correctly with each α; fold j has the j-th of each class. */
        int[] heldOutHits(double gamma, int count, double[] alphas) {
            int most = Folds.most(labels);
            if (most < 2) {
                return new int[alphas.length]; // no image is left to learn from
            }
            Folds folds = Folds.of(labels, most);
            int each = views.size() / labels.length;
            int[][] hits = IntStream.range(0, most)
                    .parallel()
                    .mapToObj(fold -> {
                        int[] held =
                                Arrays.stream(folds.of(fold)).map(i -> i * each).toArray(); // their first views
                        return without(folds, fold).hits(gamma, count, alphas, views.select(held));
                    })
                    .toArray(int[][]::new);
            return IntStream.range(0, alphas.length)
                    .map(a -> Arrays.stream(hits).mapToInt(fold -> fold[a]).sum())
                    .toArray();
        }
    }
}
