package org.coop4j.features;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.IntStream;
import org.coop4j.base.Heap;
import org.coop4j.base.InputException;
import org.coop4j.base.Require;
import org.coop4j.base.Settings.Setting;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.data.ClassNames;
import org.coop4j.data.FeatureSet;
import org.coop4j.eval.Predictions;
import org.coop4j.method.Classifier;
import org.coop4j.method.Classifier.LogitGraph;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.ClassifierFile.Origin;
import org.coop4j.method.FeatureMethod;
import org.coop4j.method.FeatureMethod.ClassTexts;
import org.coop4j.method.LinearHead.ClassRows;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.PromptEnsemble.TextPrompts;
import org.coop4j.method.Trainer;
import org.coop4j.weights.Shape;

/**
 * Tip-Adapter (Zhang et al.: "Tip-Adapter: Training-free Adaption of CLIP for Few-shot Classification", ECCV 2022; the
 * reference's {@code main.py}): the training images are the keys of a cache whose votes are added to the zero-shot
 * logits.
 *
 * @param cache weight and sharpness of the cache
 * @param prompts hand-written prompts of the text features
 */
record TipAdapter(CacheWeights cache, TextPrompts prompts) implements FeatureMethod {

    public TipAdapter {
        Require.present("cache", cache);
        Require.present("prompts", prompts);
    }

    public TipAdapter() {
        this(new CacheWeights(), new TextPrompts());
    }

    @Override
    public About about() {
        return new About(
                "tip-adapter",
                "Tip-Adapter",
                "Adds votes from a cache of the training images to the zero-shot logits; trains nothing (Zhang et al.,"
                        + " ECCV 2022).");
    }

    @Override
    public boolean usesVal() {
        return cache.search();
    }

    @Override
    public Head start(ClassTexts texts, FewShotFeatures data, Trainer trainer) {
        return new Head(
                file -> KeyCache.addTo(file, texts.space(), cache, data, KeyCache.keys(data.train()), texts.weights()));
    }

    @Override
    public Classifier read(FeatureSpace space, ClassifierFile file) throws IOException {
        return KeyCache.read(this, cache, space, file);
    }

    /**
     * A key-value cache of training images beside text features: logits = exp(logit_scale) · f · tᵀ + α · exp(−β (1 − f ·
     * keysᵀ)) · values, where the values are the one-hot labels of the keys.
     */
    static final class KeyCache implements Classifier {

        static final String KEYS = "keys";
        private static final String LABELS = "labels";
        private static final String TEXT = "text";

        /** Images whose similarities to all keys are held in memory at once. */
        private static final int IMAGES = 256;

        private final ClassRows rows;
        private final CacheWeights weights;
        private final FeatureMatrix keys;
        private final int[] labels; // −1: a key of another class
        private final FeatureMatrix text;
        private final float scale;

        private KeyCache(ClassRows rows, CacheWeights weights) {
            this.rows = rows;
            this.weights = weights;
            float[] numbers = save().tensor(LABELS).values();
            labels = IntStream.range(0, numbers.length)
                    .map(i -> (int) numbers[i])
                    .toArray();
            keys = save().matrix(KEYS);
            text = save().matrix(TEXT);
            scale = rows.space().logitScale();
        }

        /** Returns the key of each image: the normalised mean of its views. */
        static FeatureMatrix keys(FeatureSet images) {
            return ViewPooling.mean(images).normalized();
        }

        /**
         * Adds the cache of the training images to a file; its weights are searched if there are val images.
         *
         * @param keys one row per image
         * @param text normalised text features, one row per class
         */
        static ClassifierFile addTo(
                ClassifierFile file,
                FeatureSpace space,
                CacheWeights weights,
                FewShotFeatures data,
                FeatureMatrix keys,
                FeatureMatrix text) {
            int[] labels = data.train().labels();
            ClassifierFile filled = withLabels(file.with(KEYS, keys), labels).with(TEXT, text);
            if (!weights.search() || data.val().size() == 0) {
                return filled;
            }
            CacheWeights best = weights.best(hits(space, weights, keys, labels, text, data.val()));
            return filled.withMethod(file.method().with(Map.of("alpha", best.alpha, "beta", best.beta)))
                    .withOrigin(Origin.NONE.with("alpha and beta chosen on", "val images"));
        }

        private static ClassifierFile withLabels(ClassifierFile file, int[] labels) {
            float[] numbers = new float[labels.length];
            for (int i = 0; i < labels.length; i++) {
                numbers[i] = labels[i];
            }
            return file.with(LABELS, Shape.of(labels.length), numbers);
        }

        /** Counts the val images that each weights of the grid classify correctly. */
        static AtomicIntegerArray hits(
                FeatureSpace space,
                CacheWeights weights,
                FeatureMatrix keys,
                int[] labels,
                FeatureMatrix text,
                FeatureSet val) {
            AtomicIntegerArray hits = new AtomicIntegerArray(CacheWeights.GRID);
            FeatureMatrix images = val.matrix().normalized();
            for (int from = 0; from < images.rows(); from += IMAGES) {
                int[] block = block(images, from);
                FeatureMatrix x = images.rows(block);
                FeatureMatrix zeroShot = x.products(text).times(space.logitScale());
                int[] truth = Arrays.stream(block).map(val::label).toArray();
                weights.count(hits, zeroShot, x.products(keys), labels, truth);
            }
            return hits;
        }

        private static int[] block(FeatureMatrix images, int from) {
            return IntStream.range(from, Math.min(images.rows(), from + IMAGES)).toArray();
        }

        /**
         * Returns the cache that was saved.
         *
         * @throws IOException if the file lacks a tensor or does not fit the model
         */
        static KeyCache read(FeatureMethod method, CacheWeights weights, FeatureSpace space, ClassifierFile file)
                throws IOException {
            ClassRows rows = method.classRows(space, file, ClassTexts::weights, TEXT);
            int images =
                    file.tensors().containsKey(LABELS) ? file.tensor(LABELS).values().length : 1;
            file.require(Shape.of(images), LABELS);
            file.require(Shape.of(images, space.embedDim()), KEYS);
            int classes = file.classNames().size();
            for (float label : file.tensor(LABELS).values()) {
                InputException.require(
                        label == Math.rint(label) && label >= -1 && label < classes,
                        "label of a key: expected one of %d classes, got %s",
                        classes,
                        label);
            }
            return new KeyCache(rows, weights);
        }

        @Override
        public FeatureMatrix logits(FeatureMatrix images) {
            FeatureMatrix x = images.normalized();
            float[] logits = x.products(text).times(scale).toArray();
            for (int from = 0; from < x.rows(); from += IMAGES) {
                int first = from;
                int[] block = block(x, from);
                FeatureMatrix cosines = x.rows(block).products(keys);
                Arrays.stream(block).parallel().forEach(i -> addVotes(cosines.row(i - first), logits, i * text.rows()));
            }
            return FeatureMatrix.of(x.rows(), text.rows(), logits);
        }

        /** Adds to an image's logits the weighted sum of exp(−β (1 − cosine)) over each class's keys. */
        private void addVotes(float[] cosines, float[] logits, int offset) {
            double[] votes = new double[text.rows()];
            for (int key = 0; key < cosines.length; key++) {
                if (labels[key] >= 0) {
                    votes[labels[key]] += Math.exp(-weights.beta() * (1 - cosines[key]));
                }
            }
            for (int c = 0; c < votes.length; c++) {
                logits[offset + c] = (float) (logits[offset + c] + weights.alpha() * votes[c]);
            }
        }

        @Override
        public <T> T logits(LogitGraph<T> graph, T images) {
            T x = graph.unit(images);
            T zeroShot = graph.times(graph.product(x, text), scale);
            float[] shift = new float[keys.rows()];
            Arrays.fill(shift, (float) -weights.beta());
            float[] values = Heap.floats(text.rows(), keys.rows()); // one-hot labels, [classes, keys]
            for (int key = 0; key < labels.length; key++) {
                if (labels[key] >= 0) {
                    values[labels[key] * labels.length + key] = 1;
                }
            }
            T affinity = graph.exp(graph.plus(graph.times(graph.product(x, keys), weights.beta()), shift));
            T votes = graph.product(affinity, FeatureMatrix.of(text.rows(), keys.rows(), values)); // [images, classes]
            return graph.plus(zeroShot, graph.times(votes, weights.alpha()));
        }

        @Override
        public List<String> classNames() {
            return rows.file().classNames();
        }

        /** Returns the cache of other classes; a class without keys has its zero-shot logit alone. */
        @Override
        public Classifier forClasses(List<String> names) {
            int[] moved = ClassNames.find(classNames(), names);
            int[] newLabels = Arrays.stream(labels)
                    .map(label -> label < 0 ? -1 : moved[label])
                    .toArray();
            return new KeyCache(rows.of(withLabels(rows.select(names), newLabels)), weights);
        }

        @Override
        public ClassifierFile save() {
            return rows.file();
        }
    }

    /**
     * Weight and sharpness of a cache of training images.
     *
     * @param alpha residual ratio: the weight of the cache's logits
     * @param beta sharpness: how fast a key's influence falls with its distance
     * @param search whether both are chosen on the val images, if there are any
     * @param maxAlpha end of the search for alpha
     * @param maxBeta end of the search for beta
     */
    public record CacheWeights(
            @Setting("residual ratio: weight of the cache's logits") double alpha,
            @Setting("sharpness: how fast a key's influence falls with its distance") double beta,
            @Setting("choose alpha and beta on the val images, if there are any") boolean search,
            @Setting("end of the search for alpha") double maxAlpha,
            @Setting("end of the search for beta") double maxBeta) {

        private static final double FIRST = 0.1;
        private static final int ALPHAS = 20;
        private static final int BETAS = 200;

        /** Number of weights that a search compares. */
        static final int GRID = ALPHAS * BETAS;

        public CacheWeights {
            Require.notNegative("alpha", alpha);
            Require.notNegative("beta", beta);
            Require.notNegative("max_alpha", maxAlpha);
            Require.notNegative("max_beta", maxBeta);
        }

        /** The reference's initial values and search on ImageNet. */
        public CacheWeights() {
            this(1.17, 1, true, 3, 7);
        }

        /** Returns the grid of alpha, ascending. */
        double[] alphas() {
            return grid(ALPHAS, maxAlpha);
        }

        /** Returns the grid of beta, ascending in equal steps. */
        double[] betas() {
            return grid(BETAS, maxBeta);
        }

        private static double[] grid(int count, double end) {
            return IntStream.range(0, count)
                    .mapToDouble(i -> FIRST + i * (end - FIRST) / count)
                    .toArray();
        }

        /**
         * Counts images that are classified correctly; of equal logits the first class wins.
         *
         * @param hits number of such images by {@code beta · ALPHAS + alpha}, positions in the grid
         * @param zeroShot scaled zero-shot logits, [images, classes]
         * @param cosines similarities to the keys, [images, keys]
         * @param labels the class of each key
         * @param truth the class of each image
         */
        void count(AtomicIntegerArray hits, FeatureMatrix zeroShot, FeatureMatrix cosines, int[] labels, int[] truth) {
            double[] alphas = alphas();
            double[] betas = betas();
            IntStream.range(0, truth.length).parallel().forEach(image -> {
                float[] text = zeroShot.row(image);
                double[] influence = influence(cosines.row(image), betas[0]);
                double[] factor = influence(cosines.row(image), betas[1] - betas[0]); // from one beta to the next
                for (int b = 0; b < BETAS; b++) {
                    double[] votes = new double[text.length];
                    for (int key = 0; key < labels.length; key++) {
                        votes[labels[key]] += influence[key];
                        influence[key] *= factor[key];
                    }
                    for (int a = 0; a < ALPHAS; a++) {
                        if (largest(text, alphas[a], votes) == truth[image]) {
                            hits.incrementAndGet(b * ALPHAS + a);
                        }
                    }
                }
            });
        }

        /** Returns exp(−beta (1 − cosine)) of each key. */
        private static double[] influence(float[] cosines, double beta) {
            return IntStream.range(0, cosines.length)
                    .mapToDouble(key -> Math.exp(-beta * (double) (1 - cosines[key])))
                    .toArray();
        }

        private static int largest(float[] text, double alpha, double[] votes) {
            int best = 0;
            for (int c = 1; c < votes.length; c++) {
                best = text[c] + alpha * votes[c] > text[best] + alpha * votes[best] ? c : best;
            }
            return best;
        }

        /** Returns the first weights of the grid with most hits: beta in the outer loop, alpha in the inner one. */
        CacheWeights best(AtomicIntegerArray hits) {
            int best = Predictions.argmax(GRID, hits::get);
            return new CacheWeights(alphas()[best % ALPHAS], betas()[best / ALPHAS], search, maxAlpha, maxBeta);
        }
    }
}
