package org.coop4j.features;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.coop4j.base.Heap;
import org.coop4j.base.Numbers;
import org.coop4j.base.Require;
import org.coop4j.base.Settings.Setting;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.data.FeatureSet;
import org.coop4j.eval.Predictions;
import org.coop4j.graph.host.DoubleRows;
import org.coop4j.graph.host.Gemm;
import org.coop4j.method.Classifier;
import org.coop4j.method.Classifier.LogitGraph;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.FeatureMethod;
import org.coop4j.method.LinearHead.ClassRows;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.PromptEnsemble.TextPrompts;
import org.coop4j.method.Trainer;
import org.coop4j.method.Training;
import org.coop4j.weights.Shape;

/**
 * ProKeR (Bendou et al.: "ProKeR: A Kernel Perspective on Few-Shot Adaptation of Large Vision-Language Models", CVPR 2025;
 * the reference's {@code trainers/proker.py}): kernel ridge regression of what zero-shot CLIP gets wrong, in closed form.
 *
 * <p>cosines = f · tᵀ + K(f, keys) · c, with K(a, b) = exp(−β (1 − a · b)) and c = (K(keys, keys)/λ + I)⁻¹ (Y − keys · tᵀ),
 * Y one-hot. The logits are the cosines times exp(logit_scale). A larger λ trusts the images more.
 *
 * @param beta sharpness of the kernel; 0 chooses it
 * @param lambda trust in the images; 0 chooses it
 * @param prompts hand-written prompts of the text features
 */
record ProKeR(
        @Setting("sharpness of the kernel: how fast an image's influence falls with its distance; 0 chooses it")
                double beta,
        @Setting("trust in the images beside the texts; 0 chooses it") double lambda,
        TextPrompts prompts)
        implements FeatureMethod {

    /** Number of keys from which the views of an image are averaged. */
    private static final int MOST_VIEWS = 8_000;

    /** Bytes per pair of keys: a cosine in float32, and the kernel and the equations in float64. */
    private static final int PER_PAIR = Float.BYTES + 2 * Double.BYTES;

    /** Number of keys whose 200 equations are solved in seconds. */
    private static final int MOST_SEARCHED = 2_048;

    private static final String KEYS = "keys"; // [n, embed]
    private static final String COEFFICIENTS = "coefficients"; // [classes, n]
    private static final String TEXT = "text"; // [classes, embed]

    /** The authors' means over the seeds on ImageNet, by images per class. */
    private static final TreeMap<Integer, Fit> FIXED = new TreeMap<>(Map.of(
            1,
            new Fit(3, 0.05),
            2,
            new Fit(2.6, 0.05),
            4,
            new Fit(1.5, 0.05),
            8,
            new Fit(1.66, 0.07),
            16,
            new Fit(1.7, 0.1)));

    /** A setting of the kernel. */
    record Fit(double beta, double lambda) {}

    public ProKeR {
        Require.present("prompts", prompts);
        Require.notNegative("beta", beta);
        Require.notNegative("lambda", lambda);
    }

    public ProKeR() {
        this(0, 0, new TextPrompts());
    }

    @Override
    public About about() {
        return new About(
                "proker",
                beta == 0 ? "ProKeR" : "ProKeR (β = %s, λ = %s)".formatted(Numbers.plain(beta), Numbers.plain(lambda)),
                "Kernel ridge regression of what zero-shot CLIP gets wrong, in closed form; strong from 4 images per class"
                        + " (Bendou et al., CVPR 2025).");
    }

    @Override
    public double work(int images, int classes, int width, Training training) {
        return (double) images * images * (images / 3.0 + width + classes);
    }

    @Override
    public boolean usesVal() {
        return true;
    }

    @Override
    public Head start(ClassTexts texts, FewShotFeatures data, Trainer trainer) {
        FeatureMatrix text = texts.weights();
        Support support = Support.of(data.train(), text);
        Fit chosen = beta > 0 && lambda > 0
                ? new Fit(beta, lambda)
                : data.val().size() > 0 && support.keys.rows() <= MOST_SEARCHED
                        ? best(hits(support, text, data.val()))
                        : FIXED.floorEntry(Math.max(1, data.train().size() / text.rows()))
                                .getValue();
        Fit fit = new Fit(beta > 0 ? beta : chosen.beta, lambda > 0 ? lambda : chosen.lambda);
        FeatureMatrix coefficients = support.kernel(fit.beta).coefficients(fit.lambda);
        return new Head(file -> file.withMethod(file.method().with(Map.of("beta", fit.beta, "lambda", fit.lambda)))
                .with(KEYS, support.keys)
                .with(COEFFICIENTS, coefficients)
                .with(TEXT, text));
    }

    /**
     * The images that are learned from.
     *
     * @param keys normalised features, [n, embed]
     * @param residuals Y − keys · tᵀ, [n, classes]
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Support(FeatureMatrix keys, double[] residuals, int classes) {

        /**
         * Takes every view as a key, or the mean view of each image if there were too many.
         *
         * @throws org.coop4j.base.RefusedException if the kernel of so many images does not fit
         */
        static Support of(FeatureSet images, FeatureMatrix text) {
            Heap.length(images.size(), images.size(), PER_PAIR);
            boolean apart = (long) images.size() * images.views() <= MOST_VIEWS;
            FeatureSet pooled = ViewPooling.pooled(images);
            FeatureMatrix keys = (apart ? pooled.matrix() : ViewPooling.mean(images)).normalized();
            int[] labels = apart ? pooled.labels() : images.labels();
            int classes = text.rows();
            float[] cosines = keys.products(text).toArray();
            double[] residuals = new double[cosines.length];
            for (int i = 0; i < residuals.length; i++) {
                residuals[i] = (labels[i / classes] == i % classes ? 1 : 0) - cosines[i];
            }
            return new Support(keys, residuals, classes);
        }

        Kernel kernel(double beta) {
            return new Kernel(this, kernel(keys.products(keys), beta));
        }

        /** Returns exp(−β (1 − cosine)). */
        private static double[] kernel(FeatureMatrix cosines, double beta) {
            float[] values = cosines.toArray();
            double[] kernel = new double[values.length];
            Arrays.parallelSetAll(kernel, i -> Math.exp(-beta * (1 - (double) values[i])));
            return kernel;
        }
    }

    /**
     * The kernel among the keys.
     *
     * @param values K, [n, n]
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Kernel(Support support, double[] values) {

        /** Returns the coefficients of the keys, [classes, n]. */
        FeatureMatrix coefficients(double lambda) {
            int n = support.keys.rows();
            double[] matrix = new double[values.length];
            Arrays.parallelSetAll(matrix, i -> values[i] / lambda + (i / n == i % n ? 1 : 0));
            double[] solution = support.residuals.clone(); // [n, classes]
            Gemm.singleThreaded(() -> DoubleRows.solve(matrix, n, solution));
            float[] coefficients = new float[solution.length];
            for (int i = 0; i < solution.length; i++) {
                coefficients[i % support.classes * n + i / support.classes] = (float) solution[i];
            }
            return FeatureMatrix.of(support.classes, n, coefficients);
        }
    }

    private static final int BETAS = 20;
    private static final int LAMBDAS = 10;

    /** Returns setting {@code i} of the grid, β in the outer loop, rounded to float32 as the reference's. */
    static Fit grid(int i) {
        int beta = i / LAMBDAS;
        int lambda = i % LAMBDAS;
        return new Fit(
                (float) (0.5 + (3 - 0.5) * beta / (BETAS - 1)), (float) (0.001 + (1 - 0.001) * lambda / (LAMBDAS - 1)));
    }

    private static Fit best(int[] hits) {
        return grid(Predictions.argmax(hits.length, i -> hits[i]));
    }

    /** Returns the number of val images classified correctly with each setting of the grid. */
    static int[] hits(Support support, FeatureMatrix text, FeatureSet val) {
        FeatureMatrix images = val.matrix().normalized();
        FeatureMatrix zeroShot = images.products(text);
        FeatureMatrix cosines = images.products(support.keys);
        int[] hits = new int[BETAS * LAMBDAS];
        IntStream.range(0, BETAS).parallel().forEach(b -> {
            Fit first = grid(b * LAMBDAS);
            Kernel kernel = support.kernel(first.beta);
            FeatureMatrix influence = influence(new LogitGraph.Matrices(), cosines, support.keys.rows(), first.beta);
            for (int i = b * LAMBDAS; i < (b + 1) * LAMBDAS; i++) {
                FeatureMatrix scores = zeroShot.plus(influence.products(kernel.coefficients(grid(i).lambda)), 1);
                for (int image = 0; image < images.rows(); image++) {
                    hits[i] += Predictions.argmax(scores.row(image)) == val.label(image) ? 1 : 0;
                }
            }
        });
        return hits;
    }

    /** Returns exp(−β (1 − cosine)) of images and keys. */
    private static <T> T influence(LogitGraph<T> graph, T cosines, int keys, double beta) {
        float[] shift = new float[keys];
        Arrays.fill(shift, (float) -beta);
        return graph.exp(graph.plus(graph.times(cosines, beta), shift));
    }

    @Override
    public Classifier read(FeatureSpace space, ClassifierFile file) throws IOException {
        file.requireClassRows(space, TEXT);
        int n = file.tensors().containsKey(KEYS)
                ? Math.toIntExact(file.tensor(KEYS).shape().dim(0))
                : 1;
        file.require(Shape.of(n, space.embedDim()), KEYS);
        file.require(Shape.of(file.classNames().size(), n), COEFFICIENTS);
        return classifier(new ClassRows(
                space,
                file,
                List.of(TEXT, COEFFICIENTS),
                names -> Map.of(
                        TEXT,
                        textsOfFile(space, file, names).weights().toArray(),
                        COEFFICIENTS,
                        new float[names.size() * n])));
    }

    private Classifier classifier(ClassRows rows) {
        FeatureMatrix text = rows.file().matrix(TEXT);
        FeatureMatrix keys = rows.file().matrix(KEYS);
        FeatureMatrix coefficients = rows.file().matrix(COEFFICIENTS);
        return new Classifier() {
            @Override
            public List<String> classNames() {
                return rows.file().classNames();
            }

            @Override
            public <T> T logits(LogitGraph<T> graph, T images) {
                T x = graph.unit(images);
                T votes = graph.product(influence(graph, graph.product(x, keys), keys.rows(), beta), coefficients);
                return graph.times(
                        graph.plus(graph.product(x, text), votes), rows.space().logitScale());
            }

            /** Returns the classifier of other classes; a class without keys is judged by its text alone. */
            @Override
            public Classifier forClasses(List<String> names) {
                return classifier(rows.of(rows.select(names)));
            }

            @Override
            public ClassifierFile save() {
                return rows.file();
            }
        };
    }
}
