package org.coop4j.study.html;

import static java.util.stream.Collectors.joining;

import java.util.List;

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
     * @param values values of the attribute, of which what is shown has one
     * @param text for people
     * @param series the series of charts that stay strong when it is chosen
     */
    public record Option(List<String> values, String text, List<Integer> series) {

        /** Between values; in none of them. */
        private static final String SEPARATOR = "\u00a6";

        /** Copies the lists. */
        public Option {
            values = List.copyOf(values);
            series = List.copyOf(series);
        }

        /** An option that changes no chart. */
        public static Option of(String value, String text) {
            return new Option(List.of(value), text, List.of());
        }

        /** Several options chosen together. */
        public static Option together(String text, List<Option> options) {
            return new Option(
                    options.stream().flatMap(option -> option.values.stream()).toList(),
                    text,
                    options.stream().flatMap(option -> option.series.stream()).toList());
        }

        private Markup markup() {
            return series.isEmpty()
                    ? Markup.of("<option value=\"{}\">{}</option>", value(), text)
                    : Markup.of(
                            "<option value=\"{}\" data-series=\"{}\">{}</option>",
                            value(),
                            series.stream().map(String::valueOf).collect(joining(SEPARATOR)),
                            text);
        }

        private String value() {
            return String.join(SEPARATOR, values);
        }
    }

    /** All filters side by side; hidden until the script shows it. */
    static Markup bar(List<HtmlFilter> filters) {
        return Markup.of(
                "<form class=\"filter\" aria-label=\"Filter\" hidden=\"\">{}</form>",
                filters.stream().map(HtmlFilter::field).toList());
    }

    private Markup field() {
        return Markup.of(
                "<label><span>{}</span><select name=\"{}\">{}{}</select></label>",
                label,
                name,
                Option.of("", all).markup(),
                options.stream().map(Option::markup).toList());
    }
}
