package org.coop4j.eval;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Trade-off between the share of images answered and the accuracy of the answers, if an answer is given only for
 * confidences above a threshold (El-Yaniv and Wiener, On the Foundations of Noise-free Selective Classification, 2010).
 *
 * @param points one point per distinct confidence, from the highest threshold to the lowest
 * @param images number of images
 */
public record Coverage(List<Point> points, int images) {
    public Coverage {
        points = List.copyOf(points);
    }

    /**
     * The answers with a threshold.
     *
     * @param threshold least confidence of an answer, 0 to 1
     * @param answered number of images that reach it
     * @param correct number of those that are classified correctly
     * @param images number of all images
     */
    public record Point(double threshold, int answered, int correct, int images) {
        /** Returns the percentage of images that are answered. */
        public double coverage() {
            return 100.0 * answered / images;
        }

        /** Returns the percentage of the answers that are correct; 100 if there are none. */
        public double accuracy() {
            return answered == 0 ? 100 : 100.0 * correct / answered;
        }
    }

    /**
     * Tries every confidence as threshold.
     *
     * @param confidence confidence of each image's prediction
     * @param correct whether the prediction is correct
     * @throws IllegalArgumentException if the arrays differ in length or are empty
     */
    public static Coverage of(double[] confidence, boolean[] correct) {
        Predictions.requireAsMany(confidence.length, "confidences", correct.length, "predictions");
        int[] order = IntStream.range(0, confidence.length)
                .boxed()
                .sorted(Comparator.comparingDouble(i -> -confidence[i]))
                .mapToInt(Integer::intValue)
                .toArray();
        List<Point> points = new ArrayList<>();
        int right = 0;
        for (int i = 0; i < order.length; i++) {
            right += correct[order[i]] ? 1 : 0;
            double threshold = confidence[order[i]];
            if (i + 1 == order.length || confidence[order[i + 1]] != threshold) {
                points.add(new Point(threshold, i + 1, right, order.length));
            }
        }
        return new Coverage(points, order.length);
    }

    /** Returns the answers with any threshold. */
    public Point at(double threshold) {
        Point reached = new Point(threshold, 0, 0, images);
        for (Point point : points) {
            if (point.threshold < threshold) {
                break;
            }
            reached = new Point(threshold, point.answered, point.correct, images);
        }
        return reached;
    }

    /** Returns the threshold that answers most images with at least this accuracy, in percent, if there is one. */
    public Optional<Point> answering(double accuracy) {
        return points.stream()
                .filter(point -> point.accuracy() >= accuracy)
                .max(Comparator.comparingInt(Point::answered));
    }
}
