package org.coop4j.method;

import java.io.IOException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.coop4j.base.Setting;
import org.coop4j.base.Settings;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.data.ClassNames;
import org.coop4j.data.FeatureSet;
import org.coop4j.method.LinearHead.ClassRows;
import org.coop4j.weights.Shape;

/**
 * A key-value cache of training images beside text features: logits = exp(logit_scale) · f · tᵀ + α
 * · exp(−β (1 − f · keysᵀ)) · values, the values being the keys' labels, one-hot.
 */
final class KeyCache implements Classifier {

    static final String KEYS = "keys";
    private static final String LABELS = "labels";
    private static final String TEXT = "text";

    /** Images whose distances from all keys are held at a time. */
    private static final int IMAGES = 256;

    private final FeatureSpace space;
    private final ClassifierFile file;
    private final CacheWeights weights;
    private final PromptEnsemble prompts;
    private final FeatureMatrix keys;
    private final int[] labels; // −1: of none of the classes
    private final FeatureMatrix text;
    private final float scale;

    private KeyCache(FeatureSpace space, ClassifierFile file, CacheWeights weights, PromptEnsemble prompts) {
        this.space = space;
        this.file = file;
        this.weights = weights;
        this.prompts = prompts;
        float[] numbers = file.tensor(LABELS).values();
        labels = IntStream.range(0, numbers.length).map(i -> (int) numbers[i]).toArray();
        keys = file.matrix(KEYS);
        text = file.matrix(TEXT);
        scale = space.logitScale();
    }

    /** The keys of images: the mean of an image's views, normalised. */
    static FeatureMatrix keys(FeatureSet images) {
        return Views.mean(images).normalized();
    }

    /**
     * The file of a cache of the training images, whose weights are searched where there are val
     * images to search on.
     *
     * @param keys one row an image
     * @param text normalised text features, one row a class
     */
    static ClassifierFile addTo(
            ClassifierFile file,
            FeatureSpace space,
            CacheWeights weights,
            FewShotFeatures data,
            FeatureMatrix keys,
            FeatureMatrix text) {
        int[] labels = data.train().labels();
        float[] numbers = new float[labels.length];
        for (int i = 0; i < labels.length; i++) {
            numbers[i] = labels[i];
        }
        ClassifierFile filled = file.with(KEYS, keys)
                .with(LABELS, Shape.of(labels.length), numbers)
                .with(TEXT, text);
        if (!weights.search() || data.val().size() == 0) {
            return filled;
        }
        CacheWeights searched = weights.searched(hits(space, weights, keys, labels, text, data.val()));
        return filled.withMethod(file.method().with(searched.chosen()))
                .withTraining(Map.of("alpha and beta chosen on", "val images"));
    }

    /** How many val images each (beta, alpha) of the grid classifies correctly. */
    static int[][] hits(
            FeatureSpace space,
            CacheWeights weights,
            FeatureMatrix keys,
            int[] labels,
            FeatureMatrix text,
            FeatureSet val) {
        Search search = new Search(weights, labels, text.rows());
        FeatureMatrix images = Views.normalized(val, 0);
        for (int from = 0; from < images.rows(); from += IMAGES) {
            int[] some = IntStream.range(from, Math.min(images.rows(), from + IMAGES))
                    .toArray();
            FeatureMatrix x = images.rows(some);
            search.add(
                    x.products(text).times(space.logitScale()),
                    x.products(keys),
                    Arrays.stream(some).map(val::label).toArray());
        }
        return search.hits();
    }

    /**
     * The cache that was saved.
     *
     * @throws IOException if the file lacks something or does not fit the model, saying what
     */
    static KeyCache read(FeatureSpace space, ClassifierFile file, CacheWeights weights, PromptEnsemble prompts)
            throws IOException {
        int classes = file.classNames().size();
        file.requireClassRows(space, TEXT);
        int images = file.tensorNames().contains(LABELS) ? file.tensor(LABELS).values().length : 1;
        file.require(LABELS, Shape.of(images));
        file.require(KEYS, Shape.of(images, space.embedDim()));
        for (float label : file.tensor(LABELS).values()) {
            if (label != Math.rint(label) || label < -1 || label >= classes) {
                throw new IOException("label of a key: expected one of %d classes, got %s".formatted(classes, label));
            }
        }
        return new KeyCache(space, file, weights, prompts);
    }

    @Override
    public FeatureMatrix logits(FeatureMatrix images) {
        FeatureMatrix x = images.normalized();
        float[] logits = x.products(text).times(scale).toArray();
        for (int from = 0; from < x.rows(); from += IMAGES) {
            int first = from;
            int[] some =
                    IntStream.range(from, Math.min(x.rows(), from + IMAGES)).toArray();
            FeatureMatrix cosines = x.rows(some).products(keys);
            Arrays.stream(some).parallel().forEach(i -> addVotes(cosines.row(i - first), logits, i * text.rows()));
        }
        return FeatureMatrix.of(x.rows(), text.rows(), logits);
    }

    /**
     * Adds to an image's logits the weighted sum over each class's keys of exp(−β (1 − cosine)).
     */
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
        float[] atDistanceOne = new float[keys.rows()];
        Arrays.fill(atDistanceOne, (float) -weights.beta());
        T votes = graph.times(graph.product(x, keys), weights.beta());
        votes = graph.exp(graph.plus(votes, atDistanceOne)); // [images, keys]
        return graph.plus(zeroShot, graph.times(graph.product(votes, values()), weights.alpha()));
    }

    /** The keys' labels, one-hot: [classes, keys]. */
    private FeatureMatrix values() {
        float[] oneHot = new float[Math.multiplyExact(text.rows(), keys.rows())];
        for (int key = 0; key < labels.length; key++) {
            if (labels[key] >= 0) {
                oneHot[labels[key] * labels.length + key] = 1;
            }
        }
        return FeatureMatrix.of(text.rows(), keys.rows(), oneHot);
    }

    /** A class without keys has its zero-shot logit alone. */
    @Override
    public Classifier forClasses(List<String> names) {
        int[] positions = ClassNames.find(names, classNames());
        int[] moved = new int[text.rows()];
        Arrays.fill(moved, -1);
        for (int c = 0; c < positions.length; c++) {
            if (positions[c] >= 0) {
                moved[positions[c]] = c;
            }
        }
        float[] newLabels = new float[labels.length];
        for (int i = 0; i < labels.length; i++) {
            newLabels[i] = labels[i] < 0 ? -1 : moved[labels[i]];
        }
        ClassRows rows = ClassRows.ofTexts(added -> prompts.classWeights(space, added), TEXT);
        ClassifierFile selected = rows.select(file, names).with(LABELS, Shape.of(newLabels.length), newLabels);
        return new KeyCache(space, selected, weights, prompts);
    }

    @Override
    public ClassifierFile save() {
        return file;
    }

    /**
     * How many images are classified correctly with each (beta, alpha) of the grid of {@link
     * CacheWeights}.
     *
     * <p>The logits are linear in alpha, so that a class that loses at both ends of the grid loses
     * everywhere; the others are compared value by value. From one beta to the next a key's influence
     * exp(−β d) changes by the same factor.
     */
    static final class Search {

        /** Above what rounding makes of differences of logits. */
        private static final double MARGIN = 1e-6;

        private final CacheWeights weights;
        private final int[][] rounds; // the first keys of all classes, the second ones …
        private final int[] classes; // those with most keys first, so that a round is of the first ones
        private final int[] places; // of each class among them
        private final int[][] hits;

        /**
         * @param labels the class of each key
         * @param classCount number of classes
         */
        Search(CacheWeights weights, int[] labels, int classCount) {
            this.weights = weights;
            this.hits = new int[weights.betas().length][weights.alphas().length];
            int[] counts = new int[classCount];
            Arrays.stream(labels).forEach(label -> counts[label]++);
            classes = IntStream.range(0, classCount)
                    .boxed()
                    .sorted(Comparator.comparing(c -> -counts[c]))
                    .mapToInt(c -> c)
                    .toArray();
            places = new int[classCount];
            for (int place = 0; place < classCount; place++) {
                places[classes[place]] = place;
            }
            rounds = new int[counts[classes[0]]][];
            for (int round = 0; round < rounds.length; round++) {
                int least = round;
                int wide = (int)
                        Arrays.stream(counts).filter(count -> count > least).count();
                rounds[round] = new int[wide];
            }
            int[] seen = new int[classCount];
            for (int key = 0; key < labels.length; key++) {
                rounds[seen[labels[key]]++][places[labels[key]]] = key;
            }
        }

        int[][] hits() {
            return hits;
        }

        /**
         * Counts some images.
         *
         * @param text scaled zero-shot logits, [images, classes]
         * @param cosines with the keys, [images, keys]
         * @param labels the images' classes
         */
        void add(FeatureMatrix text, FeatureMatrix cosines, int[] labels) {
            boolean[][][] correct = IntStream.range(0, labels.length)
                    .parallel()
                    .mapToObj(i -> correct(text.row(i), cosines.row(i), labels[i]))
                    .toArray(boolean[][][]::new);
            for (boolean[][] image : correct) {
                for (int b = 0; b < hits.length; b++) {
                    for (int a = 0; a < hits[b].length; a++) {
                        hits[b][a] += image[b][a] ? 1 : 0;
                    }
                }
            }
        }

        private boolean[][] correct(float[] text, float[] cosines, int label) {
            double[] betas = weights.betas();
            double[] alphas = weights.alphas();
            double[][] influence = influence(cosines, betas[0]);
            double[][] factor = influence(cosines, betas[1] - betas[0]);
            double[] logits = new double[classes.length];
            Arrays.setAll(logits, place -> text[classes[place]]);
            boolean[][] correct = new boolean[betas.length][alphas.length];
            double[] votes = new double[classes.length];
            for (boolean[] row : correct) {
                Arrays.fill(votes, 0);
                for (int round = 0; round < rounds.length; round++) {
                    addRound(influence[round], factor[round], votes);
                }
                decide(logits, votes, label, alphas, row);
            }
            return correct;
        }

        /** exp(−beta (1 − cosine)) of each key. */
        private double[][] influence(float[] cosines, double beta) {
            double[][] influence = new double[rounds.length][];
            for (int round = 0; round < rounds.length; round++) {
                int[] keys = rounds[round];
                influence[round] = new double[keys.length];
                Arrays.setAll(influence[round], i -> Math.exp(-beta * (double) (1 - cosines[keys[i]])));
            }
            return influence;
        }

        private static void addRound(double[] influence, double[] factor, double[] votes) {
            for (int i = 0; i < influence.length; i++) {
                votes[i] += influence[i];
                influence[i] *= factor[i];
            }
        }

        /** Whether the label has the largest logit, of equal ones the first, with each alpha. */
        private void decide(double[] logits, double[] votes, int label, double[] alphas, boolean[] correct) {
            int own = places[label];
            double least = alphas[0];
            double most = alphas[alphas.length - 1];
            Arrays.fill(correct, true);
            for (int place = 0; place < classes.length; place++) {
                double ahead = logits[own] - logits[place];
                double votesAhead = votes[own] - votes[place];
                if (place == own || Math.min(ahead + least * votesAhead, ahead + most * votesAhead) > MARGIN) {
                    continue;
                }
                boolean first = classes[place] < label;
                for (int a = 0; a < alphas.length; a++) {
                    double mine = logits[own] + alphas[a] * votes[own];
                    double other = logits[place] + alphas[a] * votes[place];
                    correct[a] &= first ? mine > other : mine >= other;
                }
            }
        }
    }

    /**
     * How much a cache of training images counts beside the text features.
     *
     * @param alpha residual ratio: the weight of the cache's logits
     * @param beta sharpness: how fast a key's influence falls with its distance
     * @param search whether both are chosen on the val images, where there are any
     * @param maxAlpha where the search for alpha ends
     * @param maxBeta where the search for beta ends
     */
    public record CacheWeights(
            @Setting("residual ratio: weight of the cache's logits") double alpha,
            @Setting("sharpness: how fast a key's influence falls with its distance") double beta,
            @Setting("choose alpha and beta on the val images, where there are any") boolean search,
            @Setting("where the search for alpha ends") double maxAlpha,
            @Setting("where the search for beta ends") double maxBeta) {

        private static final double FIRST = 0.1;
        private static final int ALPHAS = 20;
        private static final int BETAS = 200;

        public CacheWeights {
            Settings.requireNotNegative("alpha", alpha);
            Settings.requireNotNegative("beta", beta);
            Settings.requireNotNegative("max_alpha", maxAlpha);
            Settings.requireNotNegative("max_beta", maxBeta);
        }

        /** What the reference begins with on ImageNet, and what it searches there. */
        public CacheWeights() {
            this(1.17, 1, true, 3, 7);
        }

        /** {@code alpha} and {@code beta} as settings. */
        Map<String, Object> chosen() {
            return Map.of("alpha", alpha, "beta", beta);
        }

        /** The grid of alpha, ascending. */
        double[] alphas() {
            return grid(ALPHAS, maxAlpha);
        }

        /** The grid of beta, ascending in equal steps. */
        double[] betas() {
            return grid(BETAS, maxBeta);
        }

        private static double[] grid(int count, double end) {
            return IntStream.range(0, count)
                    .mapToDouble(i -> FIRST + i * (end - FIRST) / count)
                    .toArray();
        }

        /**
         * Those of the grid with most hits, of equal ones the first: beta in the outer loop, alpha in
         * the inner one.
         *
         * @param hits val images that are right with each (beta, alpha)
         */
        CacheWeights searched(int[][] hits) {
            int best = -1;
            CacheWeights chosen = this;
            for (int b = 0; b < BETAS; b++) {
                for (int a = 0; a < ALPHAS; a++) {
                    if (hits[b][a] > best) {
                        best = hits[b][a];
                        chosen = new CacheWeights(alphas()[a], betas()[b], search, maxAlpha, maxBeta);
                    }
                }
            }
            return chosen;
        }
    }
}
