package org.coop4j.study.html;

import java.util.List;
import org.coop4j.base.SafeText;

/** A piece of HTML. It is made of templates of this program, and every text in it is escaped. */
public final class Markup {

    private static final String PLACE = "{}";

    private final String html;

    private Markup(String html) {
        this.html = html;
    }

    /** Nothing. */
    public static Markup nothing() {
        return new Markup("");
    }

    /** Plain text. */
    public static Markup text(String text) {
        return new Markup(SafeText.xml(text));
    }

    /**
     * A template with a value in each of its places {@code {}}: pieces of markup, or lists of them,
     * as they are, and anything else as escaped text. A place for text may be an attribute's value
     * in double quotes.
     *
     * @param template written in the program and never taken from data
     */
    public static Markup of(String template, Object... values) {
        StringBuilder html = new StringBuilder();
        int from = 0;
        for (Object value : values) {
            int place = template.indexOf(PLACE, from);
            if (place < 0) {
                throw new IllegalArgumentException(values.length + " values have too few places in " + template);
            }
            html.append(template, from, place);
            append(html, value);
            from = place + PLACE.length();
        }
        if (template.indexOf(PLACE, from) >= 0) {
            throw new IllegalArgumentException(values.length + " values have too many places in " + template);
        }
        return new Markup(html.append(template, from, template.length()).toString());
    }

    private static void append(StringBuilder html, Object value) {
        if (value instanceof Markup markup) {
            html.append(markup.html);
        } else if (value instanceof List<?> list) {
            list.forEach(one -> append(html, one));
        } else {
            html.append(SafeText.xml(String.valueOf(value)));
        }
    }

    /** Code of this program: a style sheet, a script or a drawing whose texts are escaped. */
    static Markup trusted(String code) {
        return new Markup(code);
    }

    /** The HTML. */
    @Override
    public String toString() {
        return html;
    }
}
