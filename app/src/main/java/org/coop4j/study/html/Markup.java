package org.coop4j.study.html;

import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.coop4j.base.SafeText;

/** A piece of HTML or SVG, made of templates of this program, in which every text is escaped. */
public final class Markup {

    /** No markup at all. */
    static final Markup NOTHING = new Markup("");

    private static final String PLACE = "{}";

    private final String code;

    private Markup(String code) {
        this.code = code;
    }

    /**
     * Fills a template. Each place {@code {}} takes a value: markup or a list of it as it is, a double with at most two
     * decimals, anything else as escaped text, which may be the value of an attribute in double quotes.
     *
     * @param template part of this program, never taken from data
     */
    public static Markup of(String template, Object... values) {
        StringBuilder code = new StringBuilder();
        int from = 0;
        for (Object value : values) {
            int place = template.indexOf(PLACE, from);
            if (place < 0) {
                throw new IllegalArgumentException(values.length + " values have too few places in " + template);
            }
            append(code.append(template, from, place), value);
            from = place + PLACE.length();
        }
        if (template.indexOf(PLACE, from) >= 0) {
            throw new IllegalArgumentException(values.length + " values have too many places in " + template);
        }
        return new Markup(code.append(template, from, template.length()).toString());
    }

    private static void append(StringBuilder code, Object value) {
        if (value instanceof Markup markup) {
            code.append(markup.code);
        } else if (value instanceof List<?> list) {
            list.forEach(one -> append(code, one));
        } else if (value instanceof Double number) {
            code.append(String.format(Locale.ROOT, "%.2f", number).replaceFirst("\\.?0+$", ""));
        } else {
            // A number and its percent sign stay on one line.
            code.append(SafeText.xml(String.valueOf(value)).replaceAll("(?<=\\d) %", "\u00a0%"));
        }
    }

    /** Wraps code of this program, such as a style sheet. */
    static Markup trusted(String code) {
        return new Markup(code);
    }

    /**
     * Returns attributes {@code data-…}, by which a page's filters find its parts; the names are part of this program.
     */
    static Markup data(Map<String, String> values) {
        return Markup.of("{}", each(values.entrySet(), data -> of(" data-{}=\"{}\"", data.getKey(), data.getValue())));
    }

    /** Makes markup of each item. */
    static <T> List<Markup> each(Collection<T> items, Function<T, Markup> markup) {
        return items.stream().map(markup).toList();
    }

    @Override
    public String toString() {
        return code;
    }
}
