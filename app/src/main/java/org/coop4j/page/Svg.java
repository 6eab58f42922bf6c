package org.coop4j.page;

import static java.util.stream.Collectors.toMap;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;
import java.util.regex.Pattern;
import org.coop4j.base.Resource;

/**
 * An SVG drawing over two axes: a file with the light theme's colours, or an element of a page with its CSS variables.
 * Coordinates are pixels from the top left corner; points are x0, y0, x1, y1, ….
 */
final class Svg {

    /** Left end of the plot. */
    static final double LEFT = 52;

    /** Style sheet with the colours of both themes. */
    static final String COLOURS = Resource.text(Svg.class, "colours.css");

    private static final Map<String, String> LIGHT = theme(COLOURS.substring(0, COLOURS.indexOf("@media")));
    private static final int SERIES =
            (int) LIGHT.keySet().stream().filter(name -> name.matches("s\\d")).count();

    /** Attributes and background of a file. */
    private static final Markup FILE =
            Markup.of(" xmlns=\"http://www.w3.org/2000/svg\" width=\"820\" font-size=\"13.5\""
                    + " font-family=\"system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif\"><rect width=\"100%\""
                    + " height=\"100%\" fill=\"#ffffff\"/>");

    /** Distance between the middle of a text and its baseline. */
    private static final double BASELINE = 4.7;

    private final boolean file;
    private final double width;
    private final double height;
    private final double low;
    private final double high;
    private final List<Markup> parts = new ArrayList<>();
    final double right;
    final double top;
    final double bottom;

    /**
     * @param file legible at the width of a README and with room for a title; a page scales its drawings
     * @param margin room on the right of the plot
     * @param low value at the lower end of the vertical axis
     */
    Svg(boolean file, double margin, double low, double high) {
        this.file = file;
        this.low = low;
        this.high = high;
        this.width = file ? 820 : 640;
        this.height = file ? 450 : 400;
        this.right = width - margin;
        this.top = file ? 68 : 34;
        this.bottom = height - 66;
    }

    /** Returns the colours of a theme by name. */
    static Map<String, String> theme(String css) {
        return Pattern.compile("--(\\w+):(#\\w{6})")
                .matcher(css)
                .results()
                .collect(toMap(colour -> colour.group(1), colour -> colour.group(2)));
    }

    /** Returns the name of a series' colour; the colours repeat after the last. */
    static String colour(int series) {
        return "s" + Math.floorMod(series, SERIES);
    }

    private void add(String template, Object... values) {
        parts.add(Markup.of(template + "\n", values));
    }

    /** Returns the drawing with a description for those who do not see it. */
    Markup end(String description) {
        return Markup.of(
                "<svg class=\"chart\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\""
                        + " stroke-linejoin=\"round\"{}\n"
                        + "{}</svg>\n",
                width,
                height,
                description,
                file ? FILE : Markup.of(">"),
                parts);
    }

    /** Returns the drawing as a sign in a legend, 28 wide and 14 high. */
    Markup sign() {
        return Markup.of("<svg class=\"sign\" viewBox=\"0 0 28 14\" aria-hidden=\"true\">{}</svg>", parts);
    }

    /** Shape of a series' points, so that colour is not all that distinguishes series. */
    enum Marker {
        CIRCLE(24, 0, 1),
        SQUARE(4, 45, 1.25),
        TRIANGLE(3, 90, 1.45),
        DIAMOND(4, 0, 1.35),
        TRIANGLE_DOWN(3, -90, 1.45),
        PENTAGON(5, 90, 1.2),
        HEXAGON(6, 0, 1.15),
        STAR(10, 90, 1.9);

        /** The inner corners of a star lie where the lines of a pentagram cross. */
        private static final double PENTAGRAM = 0.44;

        private final int corners;
        private final double degrees;
        private final double size;

        /**
         * @param degrees direction of the first corner, counter-clockwise from the right
         * @param size multiple of the radius that makes it look as large as a circle
         */
        Marker(int corners, double degrees, double size) {
            this.corners = corners;
            this.degrees = degrees;
            this.size = size;
        }

        /** Returns the shape of a series; all but the star repeat. */
        static Marker series(int index) {
            return values()[Math.floorMod(index, values().length - 1)];
        }

        private double[] points(double x, double y, double radius) {
            double[] points = new double[2 * corners];
            for (int i = 0; i < corners; i++) {
                double angle = Math.toRadians(degrees + 360.0 * i / corners);
                double r = radius * size * (this == STAR && i % 2 == 1 ? PENTAGRAM : 1);
                points[2 * i] = x + r * Math.cos(angle);
                points[2 * i + 1] = y - r * Math.sin(angle);
            }
            return points;
        }
    }

    /** Draws what belongs to a series, which a page can then find. */
    void series(int index, Runnable drawing) {
        add("<g data-series=\"{}\">", index);
        drawing.run();
        add("</g>");
    }

    /** Draws lines through points. */
    void line(String paint, double strokeWidth, boolean dashed, double... points) {
        add(
                "<polyline fill=\"none\" stroke=\"{}\" stroke-width=\"{}\"{} points=\"{}\"/>",
                colour(paint),
                strokeWidth,
                Markup.of(dashed ? " stroke-dasharray=\"4 5\"" : ""),
                text(points));
    }

    /** Draws a point, with a hint that a page shows on hover unless it is empty; a hollow one is filled with the page's colour. */
    void marker(Marker marker, double radius, String paint, boolean hollow, double x, double y, String hint) {
        Markup shape = Markup.of(
                "<polygon points=\"{}\" fill=\"{}\" stroke=\"{}\" stroke-width=\"{}\"/>",
                text(marker.points(x, y, radius)),
                colour(hollow ? "page" : paint),
                colour(hollow ? paint : "page"),
                hollow ? 1.6 : 1.0);
        if (file || hint.isEmpty()) {
            add("{}", shape);
        } else {
            String circle = "<circle fill=\"transparent\" cx=\"{}\" cy=\"{}\" r=\"13\"/>";
            add("<g class=\"point\"><title>{}</title>" + circle + "{}</g>", hint, x, y, shape);
        }
    }

    /** Draws a line of text; the anchor (start, middle or end) is at x, the middle of its height at y. */
    void text(String paint, String anchor, double x, double y, String text) {
        add(
                "<text x=\"{}\" y=\"{}\" fill=\"{}\" text-anchor=\"{}\">{}</text>",
                x,
                y + BASELINE,
                colour(paint),
                anchor,
                text);
    }

    /** Draws what the axes show, and in a file the title. */
    void titles(String title, String up, String across) {
        text("muted", "start", file ? LEFT - 36 : 2, top - 20, up);
        text("muted", "middle", (LEFT + right) / 2, height - 15, across);
        if (file) {
            add(
                    "<text x=\"16\" y=\"30\" fill=\"{}\" font-size=\"17\" font-weight=\"600\">{}</text>",
                    colour("ink"),
                    title);
        }
    }

    /** Returns the place of a value on the vertical axis. */
    double y(double value) {
        return bottom - (bottom - top) * (value - low) / (high - low);
    }

    /** Draws a grid line of the vertical axis with its label. */
    void tickUp(double value, String label) {
        double y = y(value);
        line("rule", 1, false, LEFT, y, right, y);
        text("muted", "end", LEFT - 9, y, label);
    }

    /** Draws a grid line of the horizontal axis with its label. */
    void tickAcross(double x, String label) {
        line("rule", 1, false, x, top, x, bottom);
        text("muted", "middle", x, bottom + 19, label);
    }

    /** Pages resolve variables in attributes as they do in style sheets. */
    private String colour(String paint) {
        return file ? LIGHT.get(paint) : "var(--" + paint + ")";
    }

    private static String text(double... points) {
        StringJoiner text = new StringJoiner(" ");
        for (int i = 0; i < points.length; i += 2) {
            text.add(String.format(Locale.ROOT, "%.1f,%.1f", points[i], points[i + 1]));
        }
        return text.toString();
    }
}
