package org.coop4j.page;

import static java.util.Comparator.comparingDouble;
import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.toCollection;
import static org.coop4j.base.Numbers.count;
import static org.coop4j.base.Numbers.number;

import java.util.DoubleSummaryStatistics;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.coop4j.console.SeedSummary;
import org.coop4j.page.Svg.Marker;

/**
 * Few-shot curves as in the paper's figure 3: accuracy over the number of labelled training images per class, zero-shot
 * as a star at 0. In a file, names stand next to the curves.
 *
 * @param title title, such as the dataset's name
 * @param series one series per method
 */
public record FewShotChart(String title, List<Series> series) {

    /**
     * The results of a method: a curve, or a star if it learns from no image.
     *
     * @param name the method's name in the legend
     * @param index number that decides colour and shape, the same in all charts of a report
     * @param published true for a paper's results, which are dashed and hollow
     * @param points a point per number of shots, ascending; a star has one with no shots
     */
    public record Series(String name, int index, boolean published, List<Point> points) {

        boolean isStar() {
            return points.get(0).shots.equals(Shots.NONE);
        }

        Point last() {
            return points.get(points.size() - 1);
        }

        String paint() {
            return Svg.colour(index);
        }

        double width() {
            return published ? 1.6 : 2.4;
        }

        private void draw(Svg svg, ToDoubleFunction<Shots> place) {
            double[] path = points.stream()
                    .flatMapToDouble(point -> DoubleStream.of(place.applyAsDouble(point.shots), svg.y(point.mean())))
                    .toArray();
            svg.line(paint(), width(), published, path);
            for (Point point : points) {
                double x = place.applyAsDouble(point.shots);
                if (point.sd() > 0) {
                    svg.line(
                            paint(),
                            1.4,
                            false,
                            x,
                            svg.y(point.mean() - point.sd()),
                            x,
                            svg.y(point.mean() + point.sd()));
                }
                mark(svg, x, svg.y(point.mean()), name + ", " + point.describe());
            }
        }

        /** Draws a point of the series. */
        void mark(Svg svg, double x, double y, String hint) {
            Marker marker = isStar() ? Marker.STAR : Marker.series(index);
            svg.marker(marker, published ? 3.6 : 4.2, paint(), published, x, y, hint);
        }

        /** Returns the legend's sign. */
        Markup sign() {
            Svg svg = new Svg(false, 0, 0, 1);
            if (!isStar()) {
                svg.line(paint(), width(), published, 0, 7, 28, 7);
            }
            mark(svg, 14, 7, "");
            return svg.sign();
        }
    }

    /**
     * A point of a series.
     *
     * @param shots training images per class; none for a star
     * @param accuracy mean and spread over the seeds
     */
    public record Point(Shots shots, SeedSummary accuracy) {

        double mean() {
            return accuracy.mean();
        }

        /** Returns the standard deviation; 0 of a single seed. */
        double sd() {
            return accuracy.count() == 1 ? 0 : accuracy.sampleSd();
        }

        /** Describes the point: "16 shots: 73.4 ± 0.5 (3 seeds)". */
        String describe() {
            return (shots.equals(Shots.NONE) ? "" : shots.describe() + ": ")
                    + accuracy.meanSd(1)
                    + (accuracy.count() > 1 ? " (" + count(accuracy.count(), "seed") + ")" : "");
        }
    }

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

    /** Returns the series that are not a star. */
    public List<Series> curves() {
        return series.stream().filter(one -> !one.isStar()).toList();
    }

    List<Point> points() {
        return series.stream().flatMap(one -> one.points.stream()).toList();
    }

    /** Returns the content of an SVG file, with title and names. */
    public String file() {
        return draw(true).toString();
    }

    /** Returns an element for a page that shows title and names as text. */
    Markup markup() {
        return draw(false);
    }

    private Markup draw(boolean file) {
        DoubleSummaryStatistics all = points().stream()
                .flatMapToDouble(point -> DoubleStream.of(point.mean() - point.sd(), point.mean() + point.sd()))
                .summaryStatistics();
        double padding = Math.max(PADDING * (all.getMax() - all.getMin()), 0.5);
        double low = all.getMin() - padding;
        double high = all.getMax() + padding;
        int letters = series.stream().mapToInt(one -> one.name.length()).max().orElse(0);
        double margin = file ? NAME_MARGIN + Math.min(WIDEST_NAME, LETTER * letters) : MARGIN;
        Svg svg = new Svg(file, margin, low, high);
        double step = step(high - low);
        for (long i = (long) Math.ceil(low / step); i * step <= high; i++) {
            svg.tickUp(i * step, number(i * step, step < 1 ? 1 : 0));
        }
        TreeSet<Shots> shots = points().stream().map(Point::shots).collect(toCollection(TreeSet::new));
        Map<Shots, Double> places = places(shots, Svg.LEFT + SIDE, svg.right - SIDE);
        places.forEach((one, x) -> svg.tickAcross(x, one.label()));
        svg.line("muted", 1.2, false, Svg.LEFT, svg.bottom, svg.right, svg.bottom);
        svg.titles(title, "accuracy (%)", "number of labelled training examples per class");
        List<Series> curves = curves();
        double beside = Math.min(3, DODGE / Math.max(1, curves.size()));
        for (int i = 0; i < curves.size(); i++) {
            Series curve = curves.get(i);
            double shift = beside * (i - (curves.size() - 1) / 2.0); // so that curves do not hide each other
            svg.series(curve.index, () -> curve.draw(svg, one -> places.get(one) + shift));
        }
        for (Series star : series.stream().filter(Series::isStar).toList()) {
            double y = svg.y(star.last().mean());
            svg.line(star.paint(), 1.2, true, places.get(Shots.NONE), y, svg.right, y);
            star.mark(
                    svg,
                    places.get(Shots.NONE),
                    y,
                    star.name + ": " + star.last().describe());
        }
        if (file) {
            names(svg);
        }
        return svg.end(series.stream()
                .map(one -> " %s: %s."
                        .formatted(
                                one.name,
                                one.points.stream().map(Point::describe).collect(joining(", "))))
                .collect(joining("", title + ", accuracy (%).", "")));
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

    private static double step(double range) {
        double power = Math.pow(10, Math.floor(Math.log10(range / MOST_TICKS)));
        return DoubleStream.of(power, 2 * power, 5 * power)
                .filter(one -> range / one <= MOST_TICKS)
                .findFirst()
                .orElse(10 * power);
    }

    /** Draws the names next to the plot in the order of the curves' ends. */
    private void names(Svg svg) {
        double y = svg.top + NAME_HEIGHT / 2;
        for (Series one : series.stream()
                .sorted(comparingDouble(one -> -one.last().mean()))
                .toList()) {
            one.mark(svg, svg.right + 16, y, "");
            svg.text("ink", "start", svg.right + 29, y, one.name);
            y += NAME_HEIGHT;
        }
    }
}
