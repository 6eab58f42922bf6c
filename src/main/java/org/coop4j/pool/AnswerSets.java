package org.coop4j.pool;

import java.math.BigDecimal;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.coop4j.base.Require;
import org.coop4j.clip.FeatureMatrix;

/**
 * Sets of classes that hold the true one for a share 1 − α of the pool's own pictures, on average over draws (split conformal
 * prediction, Vovk and others, 2005).
 *
 * @param probabilities of the classes, [pictures, classes]
 * @param level least probability of a class in a set; the most probable one is always in
 */
public record AnswerSets(FeatureMatrix probabilities, double level) {

    /** Share of pictures whose set may miss their class, where people read the sets. */
    private static final double MISSED = 0.1;

    /** Fewest checked pictures of the classes that give such sets. */
    private static final int FEWEST = 50;

    /** Finds the level of sets that miss the class in one of ten cases at most; empty if few pictures were checked. */
    public static Optional<AnswerSets> of(FeatureMatrix probabilities, Map<Integer, Integer> checked) {
        return checked.size() < FEWEST ? Optional.empty() : Optional.of(of(probabilities, checked, MISSED));
    }

    /**
     * Finds the level.
     *
     * @param checked true classes of pictures of the classes, drawn at random, by row
     * @param alpha share of pictures whose set may miss their class
     */
    public static AnswerSets of(FeatureMatrix probabilities, Map<Integer, Integer> checked, double alpha) {
        Require.that(alpha > 0 && alpha < 1, "alpha: expected more than 0 and less than 1, got %s", alpha);
        double[] scores = checked.entrySet().stream()
                .mapToDouble(one -> probabilities.get(one.getKey(), one.getValue()))
                .sorted()
                .toArray();
        int place = BigDecimal.valueOf(alpha)
                .multiply(BigDecimal.valueOf(scores.length + 1))
                .intValue(); // 0.05 · 20 is 1
        return new AnswerSets(probabilities, place < 1 ? 0 : scores[place - 1]);
    }

    /** Returns the classes that a picture may be of, the most probable first. */
    public int[] of(int picture) {
        int best = Pool.answer(probabilities, picture);
        return IntStream.range(0, probabilities.width())
                .filter(k -> k == best || probabilities.get(picture, k) >= level)
                .boxed()
                .sorted((a, b) -> Float.compare(probabilities.get(picture, b), probabilities.get(picture, a)))
                .mapToInt(Integer::intValue)
                .toArray();
    }
}
