package org.coop4j.study.chart;

import java.util.List;

/**
 * Percentages over percentages, both from 0 to 100.
 *
 * @param title what it shows, for those who do not see it
 * @param across what goes to the right
 * @param up what goes up
 * @param diagonal whether the line of equal percentages is drawn
 * @param joined whether the points are joined by lines
 * @param points from left to right
 */
public record ShareChart(
        String title,
        String across,
        String up,
        boolean diagonal,
        boolean joined,
        List<Point> points) {

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

    void draw(Canvas canvas, ChartFrame frame) {
        Plot plot = new Plot(frame);
        Canvas.Pen grid = Canvas.Pen.solid(Paint.RULE, 1);
        Canvas.Lettering left = lettering(Canvas.Anchor.END);
        Canvas.Lettering below = lettering(Canvas.Anchor.MIDDLE);
        for (int tick = 0; tick <= 100; tick += STEP) {
            canvas.line(grid, plot.x(0), plot.y(tick), plot.x(100), plot.y(tick));
            canvas.line(grid, plot.x(tick), plot.y(0), plot.x(tick), plot.y(100));
            canvas.text(left, plot.x(0) - 9, plot.y(tick) + 4.7, String.valueOf(tick));
            canvas.text(below, plot.x(tick), plot.y(0) + 24, String.valueOf(tick));
        }
        canvas.text(lettering(Canvas.Anchor.START), 2, TOP - 20, up);
        canvas.text(below, (plot.x(0) + plot.x(100)) / 2, frame.height() - 10, across);
        if (diagonal) {
            canvas.line(
                    new Canvas.Pen(Paint.MUTED, 1.4, true, 1),
                    plot.x(0),
                    plot.y(0),
                    plot.x(100),
                    plot.y(100));
        }
        if (joined && points.size() > 1) {
            double[] path = new double[2 * points.size()];
            for (int i = 0; i < points.size(); i++) {
                path[2 * i] = plot.x(points.get(i).across);
                path[2 * i + 1] = plot.y(points.get(i).up);
            }
            canvas.line(new Canvas.Pen(Paint.series(0), 2.4, false, 1), path);
        }
        for (Point point : points) {
            double radius = 2.5 + 7 * Math.sqrt(point.weight);
            canvas.marker(
                    new Canvas.Sign(Marker.CIRCLE, radius, Paint.series(0), false),
                    plot.x(point.across),
                    plot.y(point.up),
                    point.hint);
        }
    }

    private static Canvas.Lettering lettering(Canvas.Anchor anchor) {
        return new Canvas.Lettering(Paint.MUTED, ChartLayout.TEXT, false, anchor);
    }

    private record Plot(ChartFrame frame) {
        double x(double share) {
            return LEFT + share / 100 * (frame.width() - LEFT - RIGHT);
        }

        double y(double share) {
            return frame.height() - BOTTOM - share / 100 * (frame.height() - BOTTOM - TOP);
        }
    }
}
