package org.coop4j.study.chart;

import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.coop4j.study.chart.FewShotChart.Point;
import org.coop4j.study.chart.FewShotChart.Series;
import org.coop4j.study.chart.Svg.Anchor;
import org.coop4j.study.chart.Svg.Pen;

/** Lays out a few-shot chart as the paper's figure 3, with names beside the curves. */
final class CurveLayout {

    private static final double LEFT = 52;
    private static final double BOTTOM = 66;
    private static final double TOP = 34;
    private static final double TITLE = 34;
    private static final double RIGHT = 22;
    private static final double LABEL_GAP = 34;
    private static final double LABEL_HEIGHT = 19;
    private static final double SIDE = 26;
    private static final double MOST_DODGE = 3;
    private static final double DODGED_WIDTH = 16;
    private static final double DODGED_SHARE = 0.3;
    private static final double RADIUS = 4.2;
    private static final double BAND = 0.11;
    private static final int MOST_STEPS = 7;
    private static final double PADDING = 0.05; // as the reference's draw_curves.py
    private static final double LEAST_DISTANCE = 20;
    private static final double SHARE_OF_ALL = 0.14;

    private final FewShotChart chart;
    private final Svg svg;
    private final double right;
    private final double top;
    private final double bottom;
    private final Map<Integer, Double> places;
    private final double low;
    private final double high;

    CurveLayout(FewShotChart chart, Svg svg) {
        this.chart = chart;
        this.svg = svg;
        this.right = svg.width() - (svg.isNamed() ? LABEL_GAP + labelWidth(chart, svg) + 14 : RIGHT);
        this.top = TOP + (svg.isNamed() ? TITLE : 0);
        this.bottom = svg.height() - BOTTOM;
        this.places = places(chart.shots(), LEFT + SIDE, right - SIDE);
        double least = Double.POSITIVE_INFINITY;
        double most = Double.NEGATIVE_INFINITY;
        for (Series series : chart.series()) {
            for (Point point : series.points()) {
                least = Math.min(least, point.mean() - point.sd());
                most = Math.max(most, point.mean() + point.sd());
            }
        }
        double padding = Math.max(PADDING * (most - least), 0.5);
        this.low = least - padding;
        this.high = most + padding;
    }

    /**
     * Places of numbers of images: at true distances as in the paper, or at equal ones where they would stand too close
     * to read. All images there are stand at the end, as many as they may be.
     */
    private static Map<Integer, Double> places(List<Integer> shots, double left, double end) {
        boolean all = shots.size() > 1 && shots.get(shots.size() - 1) == FewShotChart.ALL;
        int numbers = shots.size() - (all ? 1 : 0);
        double width = (all ? 1 - SHARE_OF_ALL : 1) * (end - left);
        double range = shots.get(numbers - 1) - shots.get(0);
        double least = range;
        for (int i = 1; i < numbers; i++) {
            least = Math.min(least, shots.get(i) - shots.get(i - 1));
        }
        boolean proportional = least * width / range >= LEAST_DISTANCE;
        Map<Integer, Double> places = new LinkedHashMap<>();
        for (int i = 0; i < numbers; i++) {
            double share = proportional ? (shots.get(i) - shots.get(0)) / range : i / Math.max(1.0, numbers - 1);
            places.put(shots.get(i), left + share * width);
        }
        if (all) {
            places.put(FewShotChart.ALL, end);
        }
        return places;
    }

    /** Pixels of the longest name, at most half of the picture: it is cut off rather than the curves. */
    private static double labelWidth(FewShotChart chart, Svg svg) {
        Graphics2D g = new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB).createGraphics();
        try {
            Font font = new Font(Font.SANS_SERIF, Font.PLAIN, 1).deriveFont((float) Svg.TEXT);
            return chart.series().stream()
                    .mapToDouble(series -> g.getFontMetrics(font).stringWidth(series.name()))
                    .reduce(0, (one, other) -> Math.min(svg.width() / 2, Math.max(one, other)));
        } finally {
            g.dispose();
        }
    }

    void draw() {
        drawAxes();
        List<Series> curves = chart.curves();
        List<Series> stars = chart.series().stream().filter(Series::isStar).toList();
        for (Series star : stars) {
            double y = y(star.last().mean());
            svg.line(new Pen(star.paint(), 1.2, true, 0.55), places.get(0), y, right, y);
        }
        curves.forEach(curve -> svg.series(curve.index(), () -> drawSpread(curve)));
        curves.forEach(curve -> svg.series(curve.index(), () -> drawLine(curve)));
        curves.forEach(curve -> svg.series(curve.index(), () -> drawPoints(curve)));
        for (Series star : stars) {
            Point point = star.last();
            svg.marker(star.sign(RADIUS + 0.8), places.get(0), y(point.mean()), star.name() + ": " + point.describe());
        }
        if (svg.isNamed()) {
            svg.title(LEFT - 36, 30, chart.title());
            drawNames();
        }
    }

    private void drawAxes() {
        Pen grid = Pen.solid(Paint.RULE, 1);
        Pen axis = Pen.solid(Paint.MUTED, 1.2);
        double step = step();
        for (long i = (long) Math.ceil(low / step); i * step <= high; i++) {
            double y = y(i * step);
            svg.line(grid, LEFT, y, right, y);
            String label = String.format(Locale.ROOT, step < 1 ? "%.1f" : "%.0f", i * step);
            svg.text(Paint.MUTED, Anchor.END, LEFT - 9, y + 4.7, label);
        }
        svg.line(axis, LEFT, bottom, right, bottom);
        places.forEach((tick, x) -> {
            svg.line(grid, x, top, x, bottom);
            svg.line(axis, x, bottom, x, bottom + 5);
            String label = tick == FewShotChart.ALL ? "all" : String.valueOf(tick);
            svg.text(Paint.MUTED, Anchor.MIDDLE, x, bottom + 24, label);
        });
        svg.text(Paint.MUTED, Anchor.START, svg.isNamed() ? LEFT - 36 : 2, top - 16, chart.score());
        svg.text(
                Paint.MUTED,
                Anchor.MIDDLE,
                (LEFT + right) / 2,
                svg.height() - 10,
                "number of labelled training examples per class");
    }

    /** Distance of the ticks of scores. */
    private double step() {
        double power = Math.pow(10, Math.floor(Math.log10((high - low) / MOST_STEPS)));
        for (double nice : new double[] {1, 2, 5}) {
            if ((high - low) / (nice * power) <= MOST_STEPS) {
                return nice * power;
            }
        }
        return 10 * power;
    }

    private void drawSpread(Series curve) {
        List<Point> points = curve.points();
        boolean spread = points.stream().anyMatch(point -> point.sd() > 0);
        if (spread && points.size() > 1) {
            double[] corners = new double[4 * points.size()];
            for (int i = 0; i < points.size(); i++) {
                Point point = points.get(i);
                int back = corners.length - 2 - 2 * i;
                corners[2 * i] = x(curve, point);
                corners[2 * i + 1] = y(point.mean() + point.sd());
                corners[back] = x(curve, point);
                corners[back + 1] = y(point.mean() - point.sd());
            }
            svg.area(curve.paint(), BAND, corners);
        }
        for (Point point : points) {
            if (point.sd() > 0) {
                double x = x(curve, point);
                svg.line(
                        new Pen(curve.paint(), 1.4, false, 0.8),
                        x,
                        y(point.mean() - point.sd()),
                        x,
                        y(point.mean() + point.sd()));
            }
        }
    }

    private void drawLine(Series curve) {
        double[] path = new double[2 * curve.points().size()];
        for (int i = 0; i < curve.points().size(); i++) {
            path[2 * i] = x(curve, curve.points().get(i));
            path[2 * i + 1] = y(curve.points().get(i).mean());
        }
        svg.line(curve.pen(), path);
    }

    private void drawPoints(Series curve) {
        for (Point point : curve.points()) {
            svg.marker(
                    curve.sign(curve.published() ? RADIUS - 0.6 : RADIUS),
                    x(curve, point),
                    y(point.mean()),
                    curve.name() + ", " + point.describe());
        }
    }

    /** Names beside the plot, moved apart and into its height, the order kept. */
    private void drawNames() {
        List<Series> sorted = new ArrayList<>(chart.series());
        sorted.sort(Comparator.comparingDouble(series -> -series.last().mean()));
        double[] heights = new double[sorted.size()];
        double least = top;
        for (int i = 0; i < heights.length; i++) {
            heights[i] = Math.max(least, y(sorted.get(i).last().mean()));
            least = heights[i] + LABEL_HEIGHT;
        }
        double most = bottom - 4;
        for (int i = heights.length - 1; i >= 0; i--) {
            heights[i] = Math.min(most, heights[i]);
            most = heights[i] - LABEL_HEIGHT;
            drawName(sorted.get(i), heights[i]);
        }
    }

    private void drawName(Series series, double height) {
        double end = y(series.last().mean());
        double from = series.isStar() ? right - 6 : x(series, series.last());
        double x = right + LABEL_GAP - 18;
        svg.line(new Pen(series.paint(), 1, false, 0.5), from + 6, end, right + 2, end, x - 8, height);
        svg.marker(series.sign(RADIUS), x, height, null);
        svg.text(Paint.INK, Anchor.START, x + 13, height + 4.7, series.name());
    }

    /** Bars of several curves stand side by side, not on each other. */
    private double x(Series curve, Point point) {
        List<Series> curves = chart.curves();
        List<Double> ticks = List.copyOf(places.values());
        double least = right - LEFT;
        for (int i = 1; i < ticks.size(); i++) {
            least = Math.min(least, ticks.get(i) - ticks.get(i - 1));
        }
        double width = Math.min(DODGED_WIDTH, DODGED_SHARE * least);
        double distance = Math.min(MOST_DODGE, width / curves.size());
        return places.get(point.shots()) + distance * (curves.indexOf(curve) - (curves.size() - 1) / 2.0);
    }

    private double y(double value) {
        return bottom - (bottom - top) * (value - low) / (high - low);
    }
}
