package org.coop4j.study.chart;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.coop4j.study.chart.FewShotChart.Curve;
import org.coop4j.study.chart.FewShotChart.Point;
import org.coop4j.study.chart.FewShotChart.Star;

/**
 * The axis of scores.
 *
 * @param low its lower end
 * @param high its upper end
 * @param step distance of its ticks
 */
record ScoreAxis(double low, double high, double step) {

    private static final int MOST_STEPS = 7;
    private static final double PADDING = 0.05; // as the reference's draw_curves.py

    static ScoreAxis of(FewShotChart chart) {
        double low = Double.POSITIVE_INFINITY;
        double high = Double.NEGATIVE_INFINITY;
        for (Star star : chart.stars()) {
            low = Math.min(low, star.value());
            high = Math.max(high, star.value());
        }
        for (Curve curve : chart.curves()) {
            for (Point point : curve.points()) {
                low = Math.min(low, point.mean() - point.sd());
                high = Math.max(high, point.mean() + point.sd());
            }
        }
        double padding = Math.max(PADDING * (high - low), 0.5);
        double step = step(high - low + 2 * padding);
        return new ScoreAxis(low - padding, high + padding, step);
    }

    private static double step(double range) {
        double power = Math.pow(10, Math.floor(Math.log10(range / MOST_STEPS)));
        for (double nice : new double[] {1, 2, 5, 10}) {
            if (range / (nice * power) <= MOST_STEPS) {
                return nice * power;
            }
        }
        return 10 * power;
    }

    List<Double> ticks() {
        List<Double> ticks = new ArrayList<>();
        for (long i = (long) Math.ceil(low / step); i * step <= high; i++) {
            ticks.add(i * step);
        }
        return ticks;
    }

    String format(double value) {
        return String.format(Locale.ROOT, step < 1 ? "%.1f" : "%.0f", value);
    }
}
