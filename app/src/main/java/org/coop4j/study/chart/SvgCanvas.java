package org.coop4j.study.chart;

import java.util.Locale;
import java.util.function.Consumer;
import org.coop4j.base.SafeText;

/** Draws SVG: for a file in the light theme's colours, for a page in its CSS variables. */
public final class SvgCanvas implements Canvas {

    private static final String FONT =
            "system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif";
    private static final double HOVER_RADIUS = 13;

    private final StringBuilder svg = new StringBuilder();
    private final boolean inline;

    private SvgCanvas(boolean inline) {
        this.inline = inline;
    }

    /** A file of its own. */
    static String file(FewShotChart chart, ChartFrame frame, double labelWidth) {
        SvgCanvas canvas = new SvgCanvas(false);
        canvas.svg.append("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg");
        canvas.attribute("xmlns", "http://www.w3.org/2000/svg");
        canvas.attribute("width", number(frame.width()));
        canvas.attribute("height", number(frame.height()));
        canvas.open(chart.describe(), frame);
        canvas.svg.append("<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n");
        new ChartLayout(chart, frame, labelWidth).draw(canvas);
        return canvas.svg.append("</svg>\n").toString();
    }

    /** An element for a page of HTML. */
    public static String inline(FewShotChart chart, ChartFrame frame) {
        return inline(chart.describe(), frame, new ChartLayout(chart, frame, 0)::draw);
    }

    /** An element for a page of HTML. */
    public static String inline(ShareChart chart, ChartFrame frame) {
        return inline(chart.title(), frame, canvas -> chart.draw(canvas, frame));
    }

    private static String inline(String description, ChartFrame frame, Consumer<Canvas> drawing) {
        SvgCanvas canvas = new SvgCanvas(true);
        canvas.svg.append("<svg class=\"chart\"");
        canvas.open(description, frame);
        drawing.accept(canvas);
        return canvas.svg.append("</svg>").toString();
    }

    /** A sign of a legend. */
    public static String sign(FewShotChart.Series series) {
        SvgCanvas canvas = new SvgCanvas(true);
        boolean star = series.marker() == Marker.STAR;
        boolean hollow = series.isHollow();
        canvas.svg.append("<svg class=\"sign\" viewBox=\"0 0 28 14\" aria-hidden=\"true\">");
        if (!star) {
            Paint paint = Paint.series(series.series());
            canvas.line(new Pen(paint, hollow ? 1.6 : 2.4, hollow, 1), 0, 7, 28, 7);
        }
        canvas.marker(Sign.of(series, star ? 3.9 : 4.2), 14, 7, null);
        return canvas.svg.append("</svg>").toString();
    }

    private void open(String description, ChartFrame frame) {
        attribute("viewBox", "0 0 " + number(frame.width()) + " " + number(frame.height()));
        attribute("role", "img");
        attribute("aria-label", description);
        if (!inline) {
            attribute("font-family", FONT);
        }
        svg.append(">\n");
    }

    @Override
    public void series(int index, Runnable drawing) {
        svg.append("<g");
        if (inline) {
            attribute("data-series", String.valueOf(index));
        }
        svg.append(">\n");
        drawing.run();
        svg.append("</g>\n");
    }

    @Override
    public void line(Pen pen, double... points) {
        svg.append("<polyline fill=\"none\" stroke-linejoin=\"round\" stroke-linecap=\"round\"");
        paint("stroke", pen.paint());
        attribute("stroke-width", number(pen.width()));
        if (pen.dashed()) {
            attribute("stroke-dasharray", dashes(pen.width()));
        }
        opacity(pen.opacity());
        attribute("points", points(points));
        svg.append("/>\n");
    }

    private static String dashes(double width) {
        return number(2.5 * width) + " " + number(3 * width);
    }

    @Override
    public void area(Paint paint, double opacity, double... corners) {
        svg.append("<polygon");
        paint("fill", paint);
        opacity(opacity);
        attribute("points", points(corners));
        svg.append("/>\n");
    }

    @Override
    public void marker(Sign sign, double x, double y, String hint) {
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

    @Override
    public void text(Lettering type, double x, double y, String text) {
        svg.append("<text");
        attribute("x", number(x));
        attribute("y", number(y));
        paint("fill", type.paint());
        if (!inline) {
            attribute("font-size", number(type.size()));
        }
        if (type.bold()) {
            attribute("font-weight", "600");
        }
        if (type.anchor() != Anchor.START) {
            attribute("text-anchor", type.anchor() == Anchor.MIDDLE ? "middle" : "end");
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
        String text = String.format(Locale.ROOT, "%.2f", value);
        return text.replaceFirst("\\.?0+$", "");
    }
}
