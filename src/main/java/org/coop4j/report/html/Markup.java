package org.coop4j.report.html;

import java.util.Map;
import org.coop4j.report.chart.ChartFrame;
import org.coop4j.report.chart.FewShotChart;
import org.coop4j.report.chart.Marker;
import org.coop4j.report.chart.Paint;
import org.coop4j.report.chart.SvgCanvas;

/**
 * A piece of HTML whose texts and attribute values are escaped, because it can only be made from
 * such.
 */
public final class Markup {

    private static final char UNKNOWN = '\uFFFD';
    private static final Markup NOTHING = new Markup("");

    private final String html;

    private Markup(String html) {
        this.html = html;
    }

    /** Nothing. */
    public static Markup nothing() {
        return NOTHING;
    }

    /** Plain text. */
    public static Markup text(String text) {
        return new Markup(escape(text));
    }

    /** Pieces one after the other. */
    public static Markup join(Markup... pieces) {
        return new Markup(concatenated(pieces));
    }

    /** An element without attributes, such as {@code strong}. */
    public static Markup element(String name, Markup... content) {
        return element(name, Map.of(), content);
    }

    /**
     * An element.
     *
     * @param name its name, written in the program and never taken from data
     * @param attributes values by name; of a map with a fixed order, so that pages do not change
     *     from run to run
     */
    public static Markup element(String name, Map<String, String> attributes, Markup... content) {
        return new Markup(startTag(name, attributes) + concatenated(content) + "</" + name + ">");
    }

    /** An element that has no content, such as {@code img}. */
    public static Markup empty(String name, Map<String, String> attributes) {
        return new Markup(startTag(name, attributes));
    }

    /** A link within the page or to an address that the program knows. */
    public static Markup link(String address, String text) {
        return element("a", Map.of("href", address), text(text));
    }

    /** A few-shot chart that follows the theme of the page. */
    static Markup chart(FewShotChart chart) {
        return new Markup(SvgCanvas.inline(chart, ChartFrame.PAGE));
    }

    /** The sign of a series in a legend. */
    static Markup sign(Marker marker, Paint paint, boolean hollow) {
        return new Markup(SvgCanvas.sign(marker, paint, hollow));
    }

    private static String startTag(String name, Map<String, String> attributes) {
        StringBuilder tag = new StringBuilder("<").append(checked(name));
        attributes.forEach(
                (key, value) ->
                        tag.append(' ')
                                .append(checked(key))
                                .append("=\"")
                                .append(escape(value))
                                .append('"'));
        return tag.append('>').toString();
    }

    /** Names are not escaped but refused, as they never come from data. */
    private static String checked(String name) {
        if (!name.matches("[a-zA-Z][a-zA-Z0-9:-]*")) {
            throw new IllegalArgumentException("\"" + name + "\" is no name of HTML");
        }
        return name;
    }

    private static String concatenated(Markup... pieces) {
        StringBuilder html = new StringBuilder();
        for (Markup piece : pieces) {
            html.append(piece.html);
        }
        return html.toString();
    }

    /** Text as content or attribute value of HTML and XML; what neither may hold becomes U+FFFD. */
    public static String escape(String text) {
        StringBuilder safe = new StringBuilder(text.length() + 16);
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean pair =
                    Character.isHighSurrogate(c)
                            && i + 1 < text.length()
                            && Character.isLowSurrogate(text.charAt(i + 1));
            if (pair) {
                safe.append(c).append(text.charAt(++i));
            } else {
                append(safe, c);
            }
        }
        return safe.toString();
    }

    private static void append(StringBuilder safe, char c) {
        switch (c) {
            case '&' -> safe.append("&amp;");
            case '<' -> safe.append("&lt;");
            case '>' -> safe.append("&gt;");
            case '"' -> safe.append("&quot;");
            case '\'' -> safe.append("&#39;");
            case '\t', '\n' -> safe.append(c);
            default -> {
                boolean forbidden =
                        Character.isISOControl(c) || Character.isSurrogate(c) || c >= 0xFFFE;
                safe.append(forbidden ? UNKNOWN : c);
            }
        }
    }

    /** The HTML. */
    @Override
    public String toString() {
        return html;
    }
}
