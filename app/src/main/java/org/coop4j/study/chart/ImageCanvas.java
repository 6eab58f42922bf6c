package org.coop4j.study.chart;

import java.awt.AlphaComposite;
import java.awt.BasicStroke;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.Shape;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Path2D;
import java.awt.image.BufferedImage;

/** Draws a picture, in the light theme's colours, at twice the size for sharp screens. */
final class ImageCanvas implements Canvas {

    private static final int SCALE = 2;

    private final Graphics2D g;

    private ImageCanvas(Graphics2D g) {
        this.g = g;
    }

    static BufferedImage draw(FewShotChart chart, ChartFrame frame, double labelWidth) {
        BufferedImage image =
                new BufferedImage(
                        (int) Math.ceil(SCALE * frame.width()),
                        (int) Math.ceil(SCALE * frame.height()),
                        BufferedImage.TYPE_INT_RGB);
        Graphics2D g = image.createGraphics();
        try {
            g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
            g.setRenderingHint(
                    RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
            g.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
            g.setRenderingHint(
                    RenderingHints.KEY_FRACTIONALMETRICS,
                    RenderingHints.VALUE_FRACTIONALMETRICS_ON);
            g.setColor(Paint.PAGE.color());
            g.fillRect(0, 0, image.getWidth(), image.getHeight());
            g.scale(SCALE, SCALE);
            new ChartLayout(chart, frame, labelWidth).draw(new ImageCanvas(g));
        } finally {
            g.dispose();
        }
        return image;
    }

    /** Pixels that a text takes, at the size of names and ticks. */
    static double width(String text, double size) {
        Graphics2D g = new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB).createGraphics();
        try {
            return g.getFontMetrics(font(size, false)).stringWidth(text);
        } finally {
            g.dispose();
        }
    }

    private static Font font(double size, boolean bold) {
        return new Font(Font.SANS_SERIF, bold ? Font.BOLD : Font.PLAIN, 1).deriveFont((float) size);
    }

    @Override
    public void series(int index, Runnable drawing) {
        drawing.run();
    }

    @Override
    public void line(Pen pen, double... points) {
        g.setComposite(AlphaComposite.SrcOver.derive((float) pen.opacity()));
        g.setColor(pen.paint().color());
        float width = (float) pen.width();
        float[] dashes = pen.dashed() ? new float[] {2.5f * width, 3 * width} : null;
        g.setStroke(
                new BasicStroke(
                        width, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND, 1, dashes, 0));
        g.draw(path(points));
        g.setComposite(AlphaComposite.SrcOver);
    }

    @Override
    public void area(Paint paint, double opacity, double... corners) {
        g.setComposite(AlphaComposite.SrcOver.derive((float) opacity));
        g.setColor(paint.color());
        g.fill(polygon(corners));
        g.setComposite(AlphaComposite.SrcOver);
    }

    @Override
    public void marker(Sign sign, double x, double y, String hint) {
        double radius = sign.radius();
        boolean hollow = sign.hollow();
        Shape shape =
                sign.marker() == Marker.CIRCLE
                        ? new Ellipse2D.Double(x - radius, y - radius, 2 * radius, 2 * radius)
                        : polygon(sign.marker().corners(x, y, radius));
        g.setColor((hollow ? Paint.PAGE : sign.paint()).color());
        g.fill(shape);
        g.setColor((hollow ? sign.paint() : Paint.PAGE).color());
        g.setStroke(
                new BasicStroke(hollow ? 1.6f : 1, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
        g.draw(shape);
    }

    @Override
    public void text(Lettering type, double x, double y, String text) {
        g.setColor(type.paint().color());
        g.setFont(font(type.size(), type.bold()));
        FontMetrics metrics = g.getFontMetrics();
        double width = metrics.getStringBounds(text, g).getWidth();
        double start =
                switch (type.anchor()) {
                    case START -> x;
                    case MIDDLE -> x - width / 2;
                    case END -> x - width;
                };
        g.drawString(text, (float) start, (float) y);
    }

    private static Path2D path(double... points) {
        Path2D path = new Path2D.Double();
        path.moveTo(points[0], points[1]);
        for (int i = 2; i < points.length; i += 2) {
            path.lineTo(points[i], points[i + 1]);
        }
        return path;
    }

    private static Path2D polygon(double... corners) {
        Path2D path = path(corners);
        path.closePath();
        return path;
    }
}
