package org.coop4j.method;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.coop4j.clip.FeatureMatrix;

/**
 * How many images are classified correctly with each (beta, alpha) of the grid of {@link
 * CacheWeights}.
 *
 * <p>The logits are linear in alpha, so that a class that loses at both ends of the grid loses
 * everywhere; the others are compared value by value. From one beta to the next a key's influence
 * exp(−β d) changes by the same factor.
 */
final class CacheSearch {

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
    CacheSearch(CacheWeights weights, int[] labels, int classCount) {
        this.weights = weights;
        this.hits = new int[weights.betas().length][weights.alphas().length];
        int[] counts = new int[classCount];
        Arrays.stream(labels).forEach(label -> counts[label]++);
        classes =
                IntStream.range(0, classCount)
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
            int wide = (int) Arrays.stream(counts).filter(count -> count > least).count();
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
        boolean[][][] correct =
                IntStream.range(0, labels.length)
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
    private void decide(
            double[] logits, double[] votes, int label, double[] alphas, boolean[] correct) {
        int own = places[label];
        double least = alphas[0];
        double most = alphas[alphas.length - 1];
        Arrays.fill(correct, true);
        for (int place = 0; place < classes.length; place++) {
            double ahead = logits[own] - logits[place];
            double votesAhead = votes[own] - votes[place];
            if (place == own
                    || Math.min(ahead + least * votesAhead, ahead + most * votesAhead) > MARGIN) {
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
