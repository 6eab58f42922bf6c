package org.coop4j.page;

import java.util.List;
import java.util.stream.DoubleStream;
import org.coop4j.page.Svg.Marker;

/**
 * A chart of percentages over percentages, both from 0 to 100.
 *
 * @param title description for those who do not see the chart
 * @param across title of the horizontal axis
 * @param up title of the vertical axis
 * @param curve true to join the points by lines, false to draw the diagonal of equal percentages
 * @param points points from left to right
 */
public record PercentChart(String title, String across, String up, boolean curve, List<Point> points) {

    private static final double MARGIN = 22;

    /**
     * A point.
     *
     * @param weight 0 to 1: size of its sign
     * @param hint text shown on hover
     */
    public record Point(double across, double up, double weight, String hint) {}

    Markup markup() {
        Svg svg = new Svg(false, MARGIN, 0, 100);
        for (int tick = 0; tick <= 100; tick += 20) {
            svg.tickUp(tick, String.valueOf(tick));
            svg.tickAcross(x(svg, tick), String.valueOf(tick));
        }
        svg.titles(title, up, across);
        if (curve) {
            double[] path = points.stream()
                    .flatMapToDouble(point -> DoubleStream.of(x(svg, point.across), svg.y(point.up)))
                    .toArray();
            svg.line(Svg.colour(0), 2.4, false, path);
        } else {
            svg.line("muted", 1.4, true, x(svg, 0), svg.bottom, x(svg, 100), svg.top);
        }
        for (Point point : points) {
            double radius = 2.5 + 7 * Math.sqrt(point.weight);
            double x = x(svg, point.across);
            svg.marker(Marker.CIRCLE, radius, Svg.colour(0), false, x, svg.y(point.up), point.hint);
        }
        return svg.end(title);
    }

    private static double x(Svg svg, double share) {
        return Svg.LEFT + share / 100 * (svg.right - Svg.LEFT);
    }
}
