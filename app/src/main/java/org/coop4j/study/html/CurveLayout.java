package org.coop4j.study.html;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.coop4j.study.html.FewShotChart.Point;
import org.coop4j.study.html.FewShotChart.Series;

/** Layout of a few-shot chart as in the paper's figure 3; a file has names beside the curves. */
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
    private static final double SHARE_OF_ALL = 0.14;

    private final FewShotChart chart;
    private final boolean file;
    private final Svg svg;
    private final Map<Integer, Double> places;
    private final double low;
    private final double high;

    CurveLayout(FewShotChart chart, boolean file) {
        this.chart = chart;
        this.file = file;
        TreeSet<Integer> shots = new TreeSet<>();
        double longest = 0;
        double least = Double.POSITIVE_INFINITY;
        double most = Double.NEGATIVE_INFINITY;
        for (Series series : chart.series()) {
            longest = Math.max(longest, LETTER * series.name().length());
            for (Point point : series.points()) {
                shots.add(point.shots());
                least = Math.min(least, point.mean() - point.sd());
                most = Math.max(most, point.mean() + point.sd());
            }
        }
        double padding = Math.max(PADDING * (most - least), 0.5);
        this.low = least - padding;
        this.high = most + padding;
        this.svg = new Svg(file, file ? NAME_MARGIN + Math.min(WIDEST_NAME, longest) : MARGIN);
        this.places = places(List.copyOf(shots), Svg.LEFT + SIDE, svg.right - SIDE);
    }

    /**
     * Places the numbers of shots: at true distances as in the paper, or at equal ones where they would stand too close
     * to read. All images stand at the end.
     */
    private static Map<Integer, Double> places(List<Integer> shots, double left, double end) {
        int last = shots.size() - 1 - (shots.contains(FewShotChart.ALL) ? 1 : 0);
        double width = (last < shots.size() - 1 ? 1 - SHARE_OF_ALL : 1) * (end - left);
        double range = last < 1 ? 1 : shots.get(last) - shots.get(0);
        boolean proportional = IntStream.range(0, last)
                .allMatch(i -> (shots.get(i + 1) - shots.get(i)) * width >= LEAST_DISTANCE * range);
        Map<Integer, Double> places = new LinkedHashMap<>();
        for (int i = 0; i <= last; i++) {
            double share = proportional ? (shots.get(i) - shots.get(0)) / range : (double) i / last;
            places.put(shots.get(i), left + share * width);
        }
        if (last < shots.size() - 1) {
            places.put(FewShotChart.ALL, end);
        }
        return places;
    }

    Markup draw() {
        drawAxes();
        chart.curves().forEach(curve -> svg.series(curve.index(), () -> draw(curve)));
        for (Series star : chart.series().stream().filter(Series::isStar).toList()) {
            double y = y(star.last().mean());
            svg.line(star.paint(), 1.2, true, places.get(0), y, svg.right, y);
            svg.marker(star, places.get(0), y, star.name() + ": " + star.last().describe());
        }
        if (file) {
            drawNames();
        }
        String text = chart.title() + ", accuracy (%).";
        for (Series one : chart.series()) {
            text += " " + one.name() + ": "
                    + one.points().stream().map(Point::describe).collect(Collectors.joining(", ")) + ".";
        }
        return svg.end(text);
    }

    private void drawAxes() {
        double step = step();
        for (long i = (long) Math.ceil(low / step); i * step <= high; i++) {
            svg.tickUp(y(i * step), String.format(Locale.ROOT, step < 1 ? "%.1f" : "%.0f", i * step));
        }
        places.forEach((shots, x) -> svg.tickAcross(x, shots == FewShotChart.ALL ? "all" : String.valueOf(shots)));
        svg.line("muted", 1.2, false, Svg.LEFT, svg.bottom, svg.right, svg.bottom);
        svg.titles(chart.title(), "accuracy (%)", "number of labelled training examples per class");
    }

    /** Returns the distance of the ticks of accuracy. */
    private double step() {
        double power = Math.pow(10, Math.floor(Math.log10((high - low) / MOST_TICKS)));
        return DoubleStream.of(power, 2 * power, 5 * power)
                .filter(step -> (high - low) / step <= MOST_TICKS)
                .findFirst()
                .orElse(10 * power);
    }

    private void draw(Series curve) {
        double[] path = curve.points().stream()
                .flatMapToDouble(point -> DoubleStream.of(x(curve, point), y(point.mean())))
                .toArray();
        svg.line(curve.paint(), curve.width(), curve.published(), path);
        for (Point point : curve.points()) {
            double x = x(curve, point);
            if (point.sd() > 0) {
                svg.line(curve.paint(), 1.4, false, x, y(point.mean() - point.sd()), x, y(point.mean() + point.sd()));
            }
            svg.marker(curve, x, y(point.mean()), curve.name() + ", " + point.describe());
        }
    }

    /** Draws the names beside the plot in the order of the curves' ends, moved apart and into its height. */
    private void drawNames() {
        List<Series> sorted = new ArrayList<>(chart.series());
        sorted.sort(Comparator.comparingDouble(series -> -series.last().mean()));
        double most = svg.bottom - 4 - (sorted.size() - 1) * NAME_HEIGHT;
        double least = svg.top;
        for (Series series : sorted) {
            double y = y(series.last().mean());
            double height = Math.max(least, y);
            least = height + NAME_HEIGHT;
            height = Math.min(height, most);
            most += NAME_HEIGHT;
            double from = series.isStar() ? svg.right : x(series, series.last()) + 6;
            double x = svg.right + 16;
            svg.line("rule", 1, false, from, y, svg.right + 2, y, x - 8, height);
            svg.marker(series, x, height, "");
            svg.text("ink", "start", x + 13, height, series.name());
        }
    }

    /** Returns the place of a curve's point, beside those of the other curves. */
    private double x(Series curve, Point point) {
        List<Series> curves = chart.curves();
        double distance = Math.min(3, DODGE / curves.size());
        return places.get(point.shots()) + distance * (curves.indexOf(curve) - (curves.size() - 1) / 2.0);
    }

    private double y(double accuracy) {
        return svg.bottom - (svg.bottom - svg.top) * (accuracy - low) / (high - low);
    }
}
