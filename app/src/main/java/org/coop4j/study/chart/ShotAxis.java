package org.coop4j.study.chart;

import java.util.ArrayList;
import java.util.List;

/**
 * The axis of training images: at true distances as in the paper, or at equal ones where ticks
 * would stand too close to read. All images there are stand at the end, as many as they may be.
 *
 * @param ticks numbers of images, ascending
 * @param left place of the first tick
 * @param right place of the last tick that is a number
 * @param end place of all images
 * @param proportional whether distances are true
 */
record ShotAxis(List<Integer> ticks, double left, double right, double end, boolean proportional) {

    private static final double LEAST_DISTANCE = 20;
    private static final double SHARE_OF_ALL = 0.14;

    /** The axis of a chart; 0 is on it if there are stars to stand there. */
    static ShotAxis of(FewShotChart chart, double left, double end) {
        List<Integer> ticks = new ArrayList<>();
        if (!chart.stars().isEmpty()) {
            ticks.add(0);
        }
        ticks.addAll(chart.shots());
        boolean all = ticks.size() > 1 && ticks.get(ticks.size() - 1) == FewShotChart.ALL;
        int numbers = ticks.size() - (all ? 1 : 0);
        double right = all ? end - SHARE_OF_ALL * (end - left) : end;
        double least = Double.POSITIVE_INFINITY;
        for (int i = 1; i < numbers; i++) {
            least = Math.min(least, ticks.get(i) - ticks.get(i - 1));
        }
        double range = ticks.get(numbers - 1) - ticks.get(0);
        boolean proportional = least * (right - left) / range >= LEAST_DISTANCE;
        return new ShotAxis(List.copyOf(ticks), left, right, end, proportional);
    }

    /** Pixels between the two ticks that stand closest. */
    double leastDistance() {
        double least = end - left;
        for (int i = 1; i < ticks.size(); i++) {
            least = Math.min(least, x(ticks.get(i)) - x(ticks.get(i - 1)));
        }
        return least;
    }

    /** The place of a number of images that is a tick. */
    double x(int shots) {
        int numbers = ticks.size() - (right < end ? 1 : 0);
        if (right < end && shots == FewShotChart.ALL) {
            return end;
        }
        if (numbers == 1) {
            return left;
        }
        int first = ticks.get(0);
        int last = ticks.get(numbers - 1);
        double share =
                proportional
                        ? (double) (shots - first) / (last - first)
                        : (double) ticks.indexOf(shots) / (numbers - 1);
        return left + share * (right - left);
    }
}
