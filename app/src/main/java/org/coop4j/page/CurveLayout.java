package org.coop4j.page;

import static java.util.Comparator.comparingDouble;
import static java.util.stream.Collectors.joining;
import static org.coop4j.base.Numbers.number;

import java.util.ArrayList;
import java.util.DoubleSummaryStatistics;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.coop4j.page.FewShotChart.Point;
import org.coop4j.page.FewShotChart.Series;

/** Layout of a few-shot chart as in the paper's figure 3; in a file, names stand next to the curves. */
final class CurveLayout {

    private static final double MARGIN = 22;
    private static final double SIDE = 26;
    private static final double NAME_MARGIN = 48;
    private static final double NAME_HEIGHT = 19;

    /** About the mean width of a letter; names take at most half of the picture. */
    private static final double LETTER = 6.8;

    private static final double WIDEST_NAME = 410;

    /** Width over which the spread bars of several curves stand side by side. */
    private static final double DODGE = 6;

    private static final int MOST_TICKS = 7;
    private static final double PADDING = 0.05; // as in the reference's draw_curves.py
    private static final double LEAST_DISTANCE = 20;
    private static final double BEYOND = 0.14 / 0.86; // of the distance from the first number to the last

    private final FewShotChart chart;
    private final boolean file;
    private final Svg svg;
    private final Map<Shots, Double> places;
    private final double low;
    private final double high;

    CurveLayout(FewShotChart chart, boolean file) {
        this.chart = chart;
        this.file = file;
        DoubleSummaryStatistics all = chart.points().stream()
                .flatMapToDouble(point -> DoubleStream.of(point.mean() - point.sd(), point.mean() + point.sd()))
                .summaryStatistics();
        double padding = Math.max(PADDING * (all.getMax() - all.getMin()), 0.5);
        low = all.getMin() - padding;
        high = all.getMax() + padding;
        int letters = chart.series().stream()
                .mapToInt(series -> series.name().length())
                .max()
                .orElse(0);
        svg = new Svg(file, file ? NAME_MARGIN + Math.min(WIDEST_NAME, LETTER * letters) : MARGIN, low, high);
        TreeSet<Shots> shots = new TreeSet<>();
        chart.points().forEach(point -> shots.add(point.shots()));
        places = places(shots, Svg.LEFT + SIDE, svg.right - SIDE);
    }

    /**
     * Places the numbers of shots: at true distances as in the paper, or at equal ones where they would stand too close
     * to read. All images stand a little beyond the last number.
     */
    private static Map<Shots, Double> places(SortedSet<Shots> shots, double left, double end) {
        double[] counts = shots.stream().mapToDouble(Shots::count).toArray();
        int last = counts.length - 1;
        if (last > 0 && shots.last().equals(Shots.ALL)) {
            counts[last] = counts[last - 1] + BEYOND * (counts[last - 1] - counts[0]);
        }
        double range = counts[last] - counts[0];
        boolean proportional = IntStream.range(0, last)
                .allMatch(i -> (counts[i + 1] - counts[i]) * (end - left) > LEAST_DISTANCE * range);
        Map<Shots, Double> places = new LinkedHashMap<>();
        for (Shots one : shots) {
            int i = places.size();
            double share = proportional ? (counts[i] - counts[0]) / Math.max(1, range) : (double) i / last;
            places.put(one, left + share * (end - left));
        }
        return places;
    }

    Markup draw() {
        drawAxes();
        chart.curves().forEach(curve -> svg.series(curve.index(), () -> draw(curve)));
        chart.series().stream().filter(Series::isStar).forEach(star -> {
            double x = places.get(Shots.NONE);
            double y = svg.y(star.last().mean());
            svg.line(star.paint(), 1.2, true, x, y, svg.right, y);
            star.mark(svg, x, y, star.name() + ": " + star.last().describe());
        });
        if (file) {
            drawNames();
        }
        String text = chart.title() + ", accuracy (%).";
        for (Series one : chart.series()) {
            text += " " + one.name() + ": "
                    + one.points().stream().map(Point::describe).collect(joining(", ")) + ".";
        }
        return svg.end(text);
    }

    private void drawAxes() {
        double power = Math.pow(10, Math.floor(Math.log10((high - low) / MOST_TICKS)));
        double step = DoubleStream.of(power, 2 * power, 5 * power)
                .filter(one -> (high - low) / one <= MOST_TICKS)
                .findFirst()
                .orElse(10 * power);
        for (long i = (long) Math.ceil(low / step); i * step <= high; i++) {
            svg.tickUp(i * step, number(i * step, step < 1 ? 1 : 0));
        }
        places.forEach((shots, x) -> svg.tickAcross(x, shots.label()));
        svg.line("muted", 1.2, false, Svg.LEFT, svg.bottom, svg.right, svg.bottom);
        svg.titles(chart.title(), "accuracy (%)", "number of labelled training examples per class");
    }

    private void draw(Series curve) {
        double[] path = curve.points().stream()
                .flatMapToDouble(point -> DoubleStream.of(x(curve, point), svg.y(point.mean())))
                .toArray();
        svg.line(curve.paint(), curve.width(), curve.published(), path);
        for (Point point : curve.points()) {
            double x = x(curve, point);
            double y = svg.y(point.mean());
            if (point.sd() > 0) {
                double half = y - svg.y(point.mean() + point.sd());
                svg.line(curve.paint(), 1.4, false, x, y - half, x, y + half);
            }
            curve.mark(svg, x, y, curve.name() + ", " + point.describe());
        }
    }

    /** Draws the names next to the plot in the order of the curves' ends, moved apart and into its height. */
    private void drawNames() {
        List<Series> sorted = new ArrayList<>(chart.series());
        sorted.sort(comparingDouble(series -> -series.last().mean()));
        double most = svg.bottom - 4 - (sorted.size() - 1) * NAME_HEIGHT;
        double least = svg.top;
        for (Series series : sorted) {
            double y = svg.y(series.last().mean());
            double height = Math.max(least, y);
            least = height + NAME_HEIGHT;
            height = Math.min(height, most);
            most += NAME_HEIGHT;
            double from = series.isStar() ? svg.right : x(series, series.last()) + 6;
            double x = svg.right + 16;
            svg.line("rule", 1, false, from, y, svg.right + 2, y, x - 8, height);
            series.mark(svg, x, height, "");
            svg.text("ink", "start", x + 13, height, series.name());
        }
    }

    /** Returns the place of a curve's point, shifted so that curves do not hide each other. */
    private double x(Series curve, Point point) {
        List<Series> curves = chart.curves();
        double distance = Math.min(3, DODGE / curves.size());
        return places.get(point.shots()) + distance * (curves.indexOf(curve) - (curves.size() - 1) / 2.0);
    }
}
