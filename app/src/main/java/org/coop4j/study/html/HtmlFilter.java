package org.coop4j.study.html;

import java.util.List;
import java.util.stream.Collectors;

/**
 * A choice at the top of a page: of the parts that have the attribute {@code data-NAME}, those with the chosen value are
 * shown. Parts without the attribute stay.
 *
 * @param name name of the attribute without {@code data-}; part of this program
 * @param label name of the choice, such as "Dataset"
 * @param all text for choosing nothing, such as "all datasets"
 * @param options values to choose from
 */
public record HtmlFilter(String name, String label, String all, List<Option> options) {

    /** Separator between values that is in none of them. */
    private static final String SEPARATOR = "\u00a6";

    /**
     * A value to choose.
     *
     * @param values values of the attribute, of which a shown part has one
     * @param text text for people
     * @param series the series of charts that stay strong when it is chosen; empty if charts do not change
     */
    public record Option(List<String> values, String text, List<Integer> series) {

        /** Makes an option that changes no chart. */
        public static Option of(String value, String text) {
            return new Option(List.of(value), text, List.of());
        }

        /** Makes an option that chooses several together. */
        public static Option together(String text, List<Option> options) {
            return new Option(
                    options.stream().flatMap(option -> option.values.stream()).toList(),
                    text,
                    options.stream().flatMap(option -> option.series.stream()).toList());
        }

        private Markup markup() {
            String names = series.stream().map(String::valueOf).collect(Collectors.joining(SEPARATOR));
            return Markup.of(
                    "<option value=\"{}\"{}>{}</option>",
                    String.join(SEPARATOR, values),
                    series.isEmpty() ? "" : Markup.of(" data-series=\"{}\"", names),
                    text);
        }
    }

    Markup markup() {
        return Markup.of(
                "<label><span>{}</span><select name=\"{}\">{}{}</select></label>",
                label,
                name,
                Option.of("", all).markup(),
                options.stream().map(Option::markup).toList());
    }
}
