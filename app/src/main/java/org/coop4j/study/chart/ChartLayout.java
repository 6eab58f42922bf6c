package org.coop4j.study.chart;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.coop4j.study.chart.Canvas.Anchor;
import org.coop4j.study.chart.Canvas.Lettering;
import org.coop4j.study.chart.Canvas.Pen;
import org.coop4j.study.chart.Canvas.Sign;
import org.coop4j.study.chart.FewShotChart.Curve;
import org.coop4j.study.chart.FewShotChart.Point;
import org.coop4j.study.chart.FewShotChart.Series;
import org.coop4j.study.chart.FewShotChart.Star;

/** Lays out a few-shot chart as the paper's figure 3, with names beside the curves. */
final class ChartLayout {

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
    static final double TEXT = 13.5;
    private static final double RADIUS = 4.2;
    private static final double BAND = 0.11;

    private final FewShotChart chart;
    private final ChartFrame frame;
    private final ScoreAxis axis;
    private final ShotAxis shotAxis;
    private final double left = LEFT;
    private final double right;
    private final double top;
    private final double bottom;

    /**
     * @param labelWidth pixels that the longest name takes
     */
    ChartLayout(FewShotChart chart, ChartFrame frame, double labelWidth) {
        this.chart = chart;
        this.frame = frame;
        this.axis = ScoreAxis.of(chart);
        this.right = frame.width() - (frame.named() ? LABEL_GAP + labelWidth + 14 : RIGHT);
        this.top = TOP + (frame.named() ? TITLE : 0);
        this.bottom = frame.height() - BOTTOM;
        this.shotAxis = ShotAxis.of(chart, left + SIDE, right - SIDE);
    }

    void draw(Canvas canvas) {
        drawAxes(canvas);
        for (Star star : chart.stars()) {
            Pen guide = new Pen(Paint.series(star.series()), 1.2, true, 0.55);
            canvas.line(guide, x(0), y(star.value()), right, y(star.value()));
        }
        for (Curve curve : chart.curves()) {
            canvas.series(curve.series(), () -> drawSpread(canvas, curve));
        }
        for (Curve curve : chart.curves()) {
            canvas.series(curve.series(), () -> drawLine(canvas, curve));
        }
        for (Curve curve : chart.curves()) {
            canvas.series(curve.series(), () -> drawPoints(canvas, curve));
        }
        for (Star star : chart.stars()) {
            canvas.marker(
                    Sign.of(star, RADIUS + 0.8),
                    x(0),
                    y(star.value()),
                    star.name() + ": " + FewShotChart.number(star.value()));
        }
        if (frame.named()) {
            canvas.text(
                    new Lettering(Paint.INK, 17, true, Anchor.START), left - 36, 30, chart.title());
            drawNames(canvas);
        }
    }

    private void drawAxes(Canvas canvas) {
        Lettering tick = new Lettering(Paint.MUTED, TEXT, false, Anchor.END);
        Pen grid = Pen.solid(Paint.RULE, 1);
        for (double value : axis.ticks()) {
            canvas.line(grid, left, y(value), right, y(value));
            canvas.text(tick, left - 9, y(value) + 4.7, axis.format(value));
        }
        canvas.line(Pen.solid(Paint.MUTED, 1.2), left, bottom, right, bottom);
        Lettering below = new Lettering(Paint.MUTED, TEXT, false, Anchor.MIDDLE);
        for (int shots : shotAxis.ticks()) {
            canvas.line(grid, x(shots), top, x(shots), bottom);
            canvas.line(Pen.solid(Paint.MUTED, 1.2), x(shots), bottom, x(shots), bottom + 5);
            String label = shots == FewShotChart.ALL ? "all" : String.valueOf(shots);
            canvas.text(below, x(shots), bottom + 24, label);
        }
        canvas.text(
                new Lettering(Paint.MUTED, TEXT, false, Anchor.START),
                frame.named() ? left - 36 : 2,
                top - 16,
                chart.score());
        canvas.text(
                below,
                (left + right) / 2,
                frame.height() - 10,
                "number of labelled training examples per class");
    }

    private void drawSpread(Canvas canvas, Curve curve) {
        Paint paint = Paint.series(curve.series());
        List<Point> points = curve.points();
        boolean spread = points.stream().anyMatch(point -> point.sd() > 0);
        if (spread && points.size() > 1) {
            double[] corners = new double[4 * points.size()];
            for (int i = 0; i < points.size(); i++) {
                Point point = points.get(i);
                int back = corners.length - 2 - 2 * i;
                corners[2 * i] = x(point.shots()) + dodge(curve);
                corners[2 * i + 1] = y(point.mean() + point.sd());
                corners[back] = x(point.shots()) + dodge(curve);
                corners[back + 1] = y(point.mean() - point.sd());
            }
            canvas.area(paint, BAND, corners);
        }
        for (Point point : points) {
            if (point.sd() > 0) {
                double x = x(point.shots()) + dodge(curve);
                canvas.line(
                        new Pen(paint, 1.4, false, 0.8),
                        x,
                        y(point.mean() - point.sd()),
                        x,
                        y(point.mean() + point.sd()));
            }
        }
    }

    /** Bars of several curves stand side by side, not on each other. */
    private double dodge(Curve curve) {
        int curves = chart.curves().size();
        double width = Math.min(DODGED_WIDTH, DODGED_SHARE * shotAxis.leastDistance());
        double distance = Math.min(MOST_DODGE, width / curves);
        return distance * (chart.curves().indexOf(curve) - (curves - 1) / 2.0);
    }

    private void drawLine(Canvas canvas, Curve curve) {
        double[] path = new double[2 * curve.points().size()];
        for (int i = 0; i < curve.points().size(); i++) {
            path[2 * i] = x(curve.points().get(i).shots()) + dodge(curve);
            path[2 * i + 1] = y(curve.points().get(i).mean());
        }
        boolean published = curve.isHollow();
        canvas.line(
                new Pen(Paint.series(curve.series()), published ? 1.6 : 2.4, published, 1), path);
    }

    private void drawPoints(Canvas canvas, Curve curve) {
        for (Point point : curve.points()) {
            canvas.marker(
                    Sign.of(curve, curve.isHollow() ? RADIUS - 0.6 : RADIUS),
                    x(point.shots()) + dodge(curve),
                    y(point.mean()),
                    curve.name() + ", " + point.describe());
        }
    }

    /** A name beside the plot. */
    private static final class Label {
        private final String name;
        private final double target;
        private double y;

        Label(String name, double target) {
            this.name = name;
            this.target = target;
            this.y = target;
        }
    }

    private void drawNames(Canvas canvas) {
        List<Label> labels = new ArrayList<>();
        List<Runnable> signs = new ArrayList<>();
        for (Series one : chart.all()) {
            Label label = new Label(one.name(), y(one.end()));
            labels.add(label);
            double from =
                    one instanceof Curve curve ? x(curve.last().shots()) + dodge(curve) : right - 6;
            signs.add(() -> drawName(canvas, label, one, from));
        }
        spread(labels);
        signs.forEach(Runnable::run);
    }

    private void drawName(Canvas canvas, Label label, Series series, double from) {
        double x = right + LABEL_GAP - 18;
        canvas.line(
                new Pen(Paint.series(series.series()), 1, false, 0.5),
                from + 6,
                label.target,
                right + 2,
                label.target,
                x - 8,
                label.y);
        canvas.marker(Sign.of(series, RADIUS), x, label.y, null);
        canvas.text(
                new Lettering(Paint.INK, TEXT, false, Anchor.START),
                x + 13,
                label.y + 4.7,
                label.name);
    }

    /** Moves names apart, the order kept, and into the plot's height. */
    private void spread(List<Label> labels) {
        List<Label> sorted = new ArrayList<>(labels);
        sorted.sort(Comparator.comparingDouble(label -> label.target));
        // Neighbours that overlap become one block around their mean, as long as blocks overlap.
        List<List<Label>> blocks = new ArrayList<>();
        for (Label label : sorted) {
            List<Label> block = new ArrayList<>(List.of(label));
            while (!blocks.isEmpty() && lowest(last(blocks)) + LABEL_HEIGHT > highest(block)) {
                List<Label> merged = new ArrayList<>(blocks.remove(blocks.size() - 1));
                merged.addAll(block);
                block = merged;
            }
            blocks.add(block);
        }
        for (List<Label> block : blocks) {
            for (int i = 0; i < block.size(); i++) {
                block.get(i).y = highest(block) + i * LABEL_HEIGHT;
            }
        }
    }

    private static List<Label> last(List<List<Label>> blocks) {
        return blocks.get(blocks.size() - 1);
    }

    private double highest(List<Label> block) {
        double mean = block.stream().mapToDouble(label -> label.target).average().orElseThrow();
        double height = (block.size() - 1) * LABEL_HEIGHT;
        double wanted = mean - height / 2;
        return Math.max(top, Math.min(bottom - 4 - height, wanted));
    }

    private double lowest(List<Label> block) {
        return highest(block) + (block.size() - 1) * LABEL_HEIGHT;
    }

    private double x(int shot) {
        return shotAxis.x(shot);
    }

    private double y(double value) {
        return bottom - (bottom - top) * (value - axis.low()) / (axis.high() - axis.low());
    }
}
