package org.coop4j.report.html;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * A choice at the top of a page: rows, figures and details that have the attribute {@code
 * data-NAME} are shown if it has the value that is chosen. What has no such attribute stays.
 *
 * @param name of the attribute, without {@code data-}; written in the program
 * @param label what is chosen, such as "Dataset"
 * @param all what choosing nothing is called, such as "all datasets"
 * @param options what can be chosen
 */
public record HtmlFilter(String name, String label, String all, List<Option> options) {

    /** Copies the list. */
    public HtmlFilter {
        options = List.copyOf(options);
    }

    /**
     * A thing that can be chosen.
     *
     * @param value of the attribute
     * @param text for people
     * @param series the series of charts that stays strong when it is chosen
     */
    public record Option(String value, String text, OptionalInt series) {

        /** An option that changes no chart. */
        public static Option of(String value, String text) {
            return new Option(value, text, OptionalInt.empty());
        }
    }

    /** All filters side by side; hidden until the script shows it. */
    static Markup bar(List<HtmlFilter> filters) {
        List<Markup> fields = new ArrayList<>();
        filters.forEach(filter -> fields.add(filter.field()));
        Map<String, String> form = new LinkedHashMap<>();
        form.put("class", "filter");
        form.put("aria-label", "Filter");
        form.put("hidden", "");
        return Markup.element("form", form, fields.toArray(Markup[]::new));
    }

    private Markup field() {
        List<Markup> choices = new ArrayList<>();
        choices.add(option("", all, OptionalInt.empty()));
        options.forEach(o -> choices.add(option(o.value, o.text, o.series)));
        return Markup.element(
                "label",
                Markup.element("span", Markup.text(label)),
                Markup.element("select", Map.of("name", name), choices.toArray(Markup[]::new)));
    }

    private static Markup option(String value, String text, OptionalInt series) {
        Map<String, String> attributes = new LinkedHashMap<>();
        attributes.put("value", value);
        series.ifPresent(index -> attributes.put("data-series", String.valueOf(index)));
        return Markup.element("option", attributes, Markup.text(text));
    }
}
