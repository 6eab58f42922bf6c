package org.coop4j.predict;

import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * The parts of a picture that speak for a class, rather than for the other classes: for each patch of the model's input, how the
 * log-odds of the class change, to first order, if the patch's value vectors grow in all attention, whose weights are held.
 * Positive values speak for the class, negative ones for others; they do not add up to the score.
 *
 * <p>It is about this answer of this model. Covering the parts with the largest values usually makes the answer less sure,
 * which {@link ImageClassifier#check} tries.
 *
 * @param label the class
 * @param compared true if the score compares the class with others, as that of one class and of labels of sets does not
 * @param score the log-odds of the class against all others; of one class alone, and of labels of sets, the logit
 * @param values of the patches, row by row, in log-odds
 * @param columns number of patches of a row
 * @param width of the upright picture, in pixels
 * @param height of the upright picture
 * @param left left end of the first patch, in pixels of the picture; what lies outside of the patches was not seen
 * @param top upper end of the first patch
 * @param patchWidth width of a patch, in pixels of the picture
 * @param patchHeight height of a patch
 */
public record HeatMap(
        String label,
        boolean compared,
        double score,
        List<Float> values,
        int columns,
        int width,
        int height,
        double left,
        double top,
        double patchWidth,
        double patchHeight) {

    /** Returns the number of rows of patches. */
    public int rows() {
        return values.size() / columns;
    }

    /** Returns the value that is farthest from 0: the scale of a picture of the map. */
    public double strongest() {
        return values.stream().max(Comparator.comparing(Math::abs)).orElseThrow();
    }

    /** Returns true if the model saw the whole picture. */
    public boolean isWhole() {
        return columns * patchWidth > width - 1 && rows() * patchHeight > height - 1;
    }

    /** Returns the side of a square of about a quarter of the patches. */
    private int side() {
        return Math.max(1, columns / 2);
    }

    /** Returns the quarter of the patches with the largest values. */
    List<Integer> marked() {
        return IntStream.range(0, values.size())
                .boxed()
                .sorted(Comparator.comparing(i -> -values.get(i)))
                .limit((long) side() * side())
                .toList();
    }

    /** Returns the patches of a square as large, whose place is drawn. */
    List<Integer> square(SplittableRandom random) {
        int side = side();
        int first = random.nextInt(rows() - side + 1) * columns + random.nextInt(columns - side + 1);
        return IntStream.range(0, side * side)
                .mapToObj(i -> first + i / side * columns + i % side)
                .toList();
    }

    /**
     * The probability of the class with parts of the picture covered by the model's mean colour.
     *
     * @param whole with nothing covered
     * @param marked without the quarter of the patches with the largest values
     * @param squares without each of four squares as large, in places that were drawn
     * @param covered patches of the marked quarter, then of each square
     */
    public record Check(double whole, double marked, List<Double> squares, List<List<Integer>> covered) {

        /** Returns the mean over the squares. */
        public double square() {
            return squares.stream().mapToDouble(p -> p).average().orElseThrow();
        }

        /** Returns true if the map explains the answer: without the marked quarter it is less sure, and less than without a square. */
        public boolean holds() {
            return marked < Math.min(whole, square());
        }
    }
}
