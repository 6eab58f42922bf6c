package org.coop4j.study.chart;

import java.util.List;
import org.coop4j.study.chart.Svg.Anchor;
import org.coop4j.study.chart.Svg.Pen;

/**
 * Percentages over percentages, both from 0 to 100.
 *
 * @param title what it shows, for those who do not see it
 * @param across what goes to the right
 * @param up what goes up
 * @param curve points joined by lines, or else points about the diagonal of equal percentages
 * @param points from left to right
 */
public record ShareChart(String title, String across, String up, boolean curve, List<Point> points) {

    private static final double LEFT = 52;
    private static final double RIGHT = 22;
    private static final double TOP = 40;
    private static final double BOTTOM = 66;
    private static final int STEP = 20;

    /**
     * A point.
     *
     * @param across 0 to 100
     * @param up 0 to 100
     * @param weight 0 to 1: how large it is drawn
     * @param hint shown on hover
     */
    public record Point(double across, double up, double weight, String hint) {}

    /** Copies the list. */
    public ShareChart {
        points = List.copyOf(points);
    }

    /** An SVG element for a page. */
    public String inline() {
        Svg svg = Svg.inline(title);
        Pen grid = Pen.solid(Paint.RULE, 1);
        for (int tick = 0; tick <= 100; tick += STEP) {
            svg.line(grid, x(svg, 0), y(svg, tick), x(svg, 100), y(svg, tick));
            svg.line(grid, x(svg, tick), y(svg, 0), x(svg, tick), y(svg, 100));
            svg.text(Paint.MUTED, Anchor.END, x(svg, 0) - 9, y(svg, tick) + 4.7, String.valueOf(tick));
            svg.text(Paint.MUTED, Anchor.MIDDLE, x(svg, tick), y(svg, 0) + 24, String.valueOf(tick));
        }
        svg.text(Paint.MUTED, Anchor.START, 2, TOP - 20, up);
        svg.text(Paint.MUTED, Anchor.MIDDLE, x(svg, 50), svg.height() - 10, across);
        if (!curve) {
            svg.line(new Pen(Paint.MUTED, 1.4, true, 1), x(svg, 0), y(svg, 0), x(svg, 100), y(svg, 100));
        } else if (points.size() > 1) {
            double[] path = new double[2 * points.size()];
            for (int i = 0; i < points.size(); i++) {
                path[2 * i] = x(svg, points.get(i).across);
                path[2 * i + 1] = y(svg, points.get(i).up);
            }
            svg.line(Pen.solid(Paint.series(0), 2.4), path);
        }
        for (Point point : points) {
            double radius = 2.5 + 7 * Math.sqrt(point.weight);
            svg.marker(
                    new Svg.Sign(Svg.Marker.CIRCLE, radius, Paint.series(0), false),
                    x(svg, point.across),
                    y(svg, point.up),
                    point.hint);
        }
        return svg.end();
    }

    private static double x(Svg svg, double share) {
        return LEFT + share / 100 * (svg.width() - LEFT - RIGHT);
    }

    private static double y(Svg svg, double share) {
        return svg.height() - BOTTOM - share / 100 * (svg.height() - BOTTOM - TOP);
    }
}
