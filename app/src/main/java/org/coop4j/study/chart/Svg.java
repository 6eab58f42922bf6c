package org.coop4j.study.chart;

import java.util.List;
import java.util.Locale;
import org.coop4j.base.SafeText;

/**
 * An SVG drawing: for a file in the light theme's colours, for a page in its CSS variables; coordinates in pixels from
 * the top left corner.
 */
public final class Svg {

    /** Size of names and ticks. */
    static final double TEXT = 13.5;

    private static final double TITLE = 17;
    private static final String FONT = "system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif";
    private static final double HOVER_RADIUS = 13;

    private final StringBuilder svg = new StringBuilder();
    private final boolean inline;
    private final double width;
    private final double height;

    private Svg(boolean inline, double width, double height) {
        this.inline = inline;
        this.width = width;
        this.height = height;
    }

    /** A file of its own, legible at the width of a README. */
    static Svg file(String description) {
        Svg drawing = new Svg(false, 820, 450);
        drawing.svg.append("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg");
        drawing.attribute("xmlns", "http://www.w3.org/2000/svg");
        drawing.attribute("width", number(drawing.width));
        drawing.attribute("height", number(drawing.height));
        drawing.open(description);
        drawing.svg.append("<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n");
        return drawing;
    }

    /** An element of a page, which scales it and has title and names as text beside it. */
    static Svg inline(String description) {
        Svg drawing = new Svg(true, 640, 400);
        drawing.svg.append("<svg class=\"chart\"");
        drawing.open(description);
        return drawing;
    }

    private void open(String description) {
        attribute("viewBox", "0 0 " + number(width) + " " + number(height));
        attribute("role", "img");
        attribute("aria-label", description);
        if (!inline) {
            attribute("font-family", FONT);
        }
        svg.append(">\n");
    }

    /** Ends the drawing. */
    String end() {
        return svg.append(inline ? "</svg>" : "</svg>\n").toString();
    }

    /** A sign of a legend. */
    public static String sign(FewShotChart.Series series) {
        Svg drawing = new Svg(true, 28, 14);
        drawing.svg.append("<svg class=\"sign\" viewBox=\"0 0 28 14\" aria-hidden=\"true\">");
        if (!series.isStar()) {
            drawing.line(series.pen(), 0, 7, 28, 7);
        }
        drawing.marker(series.sign(series.isStar() ? 3.9 : 4.2), 14, 7, null);
        return drawing.end();
    }

    double width() {
        return width;
    }

    double height() {
        return height;
    }

    /** Returns true if title and names of the series are drawn. */
    boolean isNamed() {
        return !inline;
    }

    /**
     * A line's look.
     *
     * @param dashed broken
     * @param opacity 0 to 1
     */
    record Pen(Paint paint, double width, boolean dashed, double opacity) {
        static Pen solid(Paint paint, double width) {
            return new Pen(paint, width, false, 1);
        }
    }

    /** Place of a text's point. */
    enum Anchor {
        START,
        MIDDLE,
        END
    }

    /**
     * A sign's look.
     *
     * @param hollow filled with the page's colour
     */
    record Sign(Marker marker, double radius, Paint paint, boolean hollow) {}

    /** The sign of a series' points, so that colour is not all that tells series apart. */
    enum Marker {
        CIRCLE,
        SQUARE,
        TRIANGLE,
        DIAMOND,
        TRIANGLE_DOWN,
        PENTAGON,
        HEXAGON,
        STAR;

        private static final List<Marker> OF_SERIES =
                List.of(CIRCLE, SQUARE, TRIANGLE, DIAMOND, TRIANGLE_DOWN, PENTAGON, HEXAGON);

        static Marker series(int index) {
            return OF_SERIES.get(Math.floorMod(index, OF_SERIES.size()));
        }

        /** The corners x0, y0, x1, y1, … of a sign of about the same area as a circle of that radius. */
        private double[] corners(double x, double y, double radius) {
            return switch (this) {
                case CIRCLE -> new double[0];
                case SQUARE -> polygon(4, Math.PI / 4, x, y, 1.25 * radius, 1);
                case TRIANGLE -> polygon(3, Math.PI / 2, x, y + 0.15 * radius, 1.45 * radius, 1);
                case DIAMOND -> polygon(4, 0, x, y, 1.35 * radius, 1);
                case TRIANGLE_DOWN -> polygon(3, -Math.PI / 2, x, y - 0.15 * radius, 1.45 * radius, 1);
                case PENTAGON -> polygon(5, Math.PI / 2, x, y, 1.2 * radius, 1);
                case HEXAGON -> polygon(6, 0, x, y, 1.15 * radius, 1);
                // The inner corners lie where the lines of a pentagram cross.
                case STAR -> polygon(10, Math.PI / 2, x, y, 1.9 * radius, 0.44);
            };
        }

        /** A polygon with n corners; every second one lies at a share of the radius. */
        private static double[] polygon(int n, double turn, double x, double y, double radius, double share) {
            double[] corners = new double[2 * n];
            for (int i = 0; i < n; i++) {
                double angle = turn + 2 * Math.PI * i / n;
                double r = i % 2 == 0 ? radius : share * radius;
                corners[2 * i] = x + r * Math.cos(angle);
                corners[2 * i + 1] = y - r * Math.sin(angle);
            }
            return corners;
        }
    }

    /** Draws what belongs to a series, which a page can then find. */
    void series(int index, Runnable drawing) {
        svg.append("<g");
        if (inline) {
            attribute("data-series", String.valueOf(index));
        }
        svg.append(">\n");
        drawing.run();
        svg.append("</g>\n");
    }

    /** Lines through the points x0, y0, x1, y1, …. */
    void line(Pen pen, double... points) {
        svg.append("<polyline fill=\"none\" stroke-linejoin=\"round\" stroke-linecap=\"round\"");
        paint("stroke", pen.paint());
        attribute("stroke-width", number(pen.width()));
        if (pen.dashed()) {
            attribute("stroke-dasharray", number(2.5 * pen.width()) + " " + number(3 * pen.width()));
        }
        opacity(pen.opacity());
        attribute("points", points(points));
        svg.append("/>\n");
    }

    /** A filled polygon with the corners x0, y0, x1, y1, …. */
    void area(Paint paint, double opacity, double... corners) {
        svg.append("<polygon");
        paint("fill", paint);
        opacity(opacity);
        attribute("points", points(corners));
        svg.append("/>\n");
    }

    /**
     * A sign.
     *
     * @param hint shown on hover on a page, or null
     */
    void marker(Sign sign, double x, double y, String hint) {
        boolean hollow = sign.hollow();
        boolean hover = inline && hint != null;
        if (hover) {
            svg.append("<g class=\"point\"><title>").append(SafeText.xml(hint)).append("</title>");
            svg.append("<circle fill=\"transparent\"");
            circle(x, y, HOVER_RADIUS);
            svg.append("/>");
        }
        if (sign.marker() == Marker.CIRCLE) {
            svg.append("<circle");
            circle(x, y, sign.radius());
        } else {
            svg.append("<polygon stroke-linejoin=\"round\"");
            attribute("points", points(sign.marker().corners(x, y, sign.radius())));
        }
        paint("fill", hollow ? Paint.PAGE : sign.paint());
        paint("stroke", hollow ? sign.paint() : Paint.PAGE);
        attribute("stroke-width", hollow ? "1.6" : "1");
        svg.append("/>").append(hover ? "</g>\n" : "\n");
    }

    private void circle(double x, double y, double radius) {
        attribute("cx", number(x));
        attribute("cy", number(y));
        attribute("r", number(radius));
    }

    /** A line of text whose base line begins, has its middle or ends at the point. */
    void text(Paint paint, Anchor anchor, double x, double y, String text) {
        text(paint, anchor, x, y, text, TEXT);
    }

    /** A line of text in large bold letters. */
    void title(double x, double y, String text) {
        text(Paint.INK, Anchor.START, x, y, text, TITLE);
    }

    private void text(Paint paint, Anchor anchor, double x, double y, String text, double size) {
        svg.append("<text");
        attribute("x", number(x));
        attribute("y", number(y));
        paint("fill", paint);
        if (!inline) {
            attribute("font-size", number(size));
        }
        if (size == TITLE) {
            attribute("font-weight", "600");
        }
        if (anchor != Anchor.START) {
            attribute("text-anchor", anchor.name().toLowerCase(Locale.ROOT));
        }
        svg.append('>').append(SafeText.xml(text)).append("</text>\n");
    }

    /** Pages resolve the variables in attributes as they do in style sheets. */
    private void paint(String property, Paint paint) {
        attribute(property, inline ? paint.css() : paint.light());
    }

    private void opacity(double opacity) {
        if (opacity < 1) {
            attribute("opacity", number(opacity));
        }
    }

    private void attribute(String name, String value) {
        svg.append(' ').append(name).append("=\"").append(SafeText.xml(value)).append('"');
    }

    private static String points(double... points) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < points.length; i++) {
            text.append(i == 0 ? "" : i % 2 == 0 ? " " : ",").append(number(points[i]));
        }
        return text.toString();
    }

    /** Two decimals at most. */
    private static String number(double value) {
        return String.format(Locale.ROOT, "%.2f", value).replaceFirst("\\.?0+$", "");
    }
}
