package org.coop4j.page;

import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.coop4j.base.SafeText;

/** A piece of HTML or SVG, made of templates of this program, in which every text is escaped. */
public final class Markup {

    /** No markup at all. */
    static final Markup NOTHING = new Markup("");

    private static final Pattern PLACE = Pattern.compile("\\{}");

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
        String[] parts = PLACE.split(template, -1);
        if (parts.length != values.length + 1) {
            throw new IllegalArgumentException(
                    "%d values for %d places in %s".formatted(values.length, parts.length - 1, template));
        }
        StringBuilder code = new StringBuilder(parts[0]);
        for (int i = 0; i < values.length; i++) {
            append(code, values[i]);
            code.append(parts[i + 1]);
        }
        return new Markup(code.toString());
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
     * Returns attributes {@code data-…}, which a page's filters use to find its parts; the names are part of this program.
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
