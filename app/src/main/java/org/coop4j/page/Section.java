package org.coop4j.page;

import static org.coop4j.base.Numbers.percent;
import static org.coop4j.base.Numbers.signed;

import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.console.Table;
import org.coop4j.page.FewShotChart.Series;

/** A section of an {@link HtmlPage}: sentences with the tables, charts and pictures that they describe. */
public final class Section {

    final String heading;
    private final List<Markup> sentences = new ArrayList<>();
    private final List<Markup> parts = new ArrayList<>();

    /** Makes a section without content. */
    public Section(String heading) {
        this.heading = heading;
    }

    boolean isEmpty() {
        return sentences.isEmpty() && parts.isEmpty();
    }

    /** Returns the section with an id that the page can link to. */
    Markup markup(String id) {
        return Markup.of(
                "<section id=\"{}\"><div class=\"about\"><h2>{}</h2>{}</div><div class=\"parts\">{}</div></section>\n",
                id,
                heading,
                sentences,
                parts);
    }

    private Section add(String template, Object... values) {
        parts.add(Markup.of(template, values));
        return this;
    }

    /** Adds a table, unless it has no row. */
    public Section table(Table<?> table) {
        return table.isEmpty() ? this : add("{}", HtmlTable.of(table));
    }

    /** Adds the sentence that the reader should take home from this section. */
    public Section verdict(String text) {
        sentences.add(Markup.of("<p class=\"verdict\">{}</p>", text));
        return this;
    }

    /** Adds a paragraph. */
    public Section paragraph(String text) {
        sentences.add(Markup.of("<p>{}</p>", text));
        return this;
    }

    /** Adds the definitions of what studies measure. */
    public Section definitions() {
        return add("{}", Markup.trusted(HtmlPage.resource("definitions.html")));
    }

    /** Adds a heading below the section's. */
    public Section subheading(String text) {
        return add("<h3>{}</h3>", text);
    }

    /** Adds a list, unless it is empty. */
    public Section list(List<String> items) {
        return items.isEmpty() ? this : add("<ul>{}</ul>", Markup.each(items, item -> Markup.of("<li>{}</li>", item)));
    }

    /**
     * A number that the reader should take home.
     *
     * @param value the number with its unit, such as "73.4 ± 0.5 %"
     */
    public record Fact(String value, String meaning) {

        /** Compares an accuracy with another one. */
        public static Fact gain(double own, String name, double other) {
            return new Fact(signed(own - other, 1) + " points", "compared with " + name + " (" + percent(other) + ")");
        }
    }

    /** Adds a row of large numbers, unless it is empty. */
    public Section facts(List<Fact> facts) {
        return facts.isEmpty()
                ? this
                : add(
                        "<dl class=\"facts\">{}</dl>",
                        Markup.each(
                                facts,
                                fact -> Markup.of("<div><dt>{}</dt><dd>{}</dd></div>", fact.meaning, fact.value)));
    }

    /** Adds a chart of percentages with its caption. */
    public Section chart(PercentChart chart, String caption) {
        return add("<figure class=\"single\">{}<figcaption>{}</figcaption></figure>", chart.markup(), caption);
    }

    /** Adds a map of points with its legend. */
    public Section map(PointMap map) {
        return add("{}", map.markup());
    }

    /** Adds a chart with its legend, or several charts with a common legend, each with data for the filters. */
    public Section charts(Map<FewShotChart, Map<String, String>> charts) {
        if (charts.isEmpty()) {
            return this;
        }
        List<Markup> figures = new ArrayList<>();
        Map<String, Series> legend = new LinkedHashMap<>();
        charts.forEach((chart, data) -> {
            figures.add(Markup.of(
                    "<figure{}><figcaption>{}</figcaption>{}</figure>",
                    Markup.data(data),
                    chart.title(),
                    chart.markup()));
            chart.series().forEach(series -> legend.putIfAbsent(series.name(), series));
        });
        return add(
                "<div class=\"charts {}\"><ul class=\"legend\">{}</ul>{}</div>"
                        + "<p class=\"note\">Accuracy by training images per class{}.</p>",
                charts.size() == 1 ? "single" : "",
                Markup.each(legend.values(), Section::legend),
                figures,
                charts.keySet().stream()
                                .flatMap(chart -> chart.points().stream())
                                .anyMatch(point -> point.sd() > 0)
                        ? "; bars are one standard deviation"
                        : "");
    }

    private static Markup legend(Series series) {
        return Markup.of(
                "<li><button type=\"button\" aria-pressed=\"false\" data-series=\"{}\">{}{}</button></li>",
                series.index(),
                series.sign(),
                series.name());
    }

    /**
     * A picture in a page.
     *
     * @param jpeg content of its file
     * @param link address of the original
     * @param name text of the link below it
     * @param alternative text for those who do not see it
     * @param caption further lines below it
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    public record Picture(byte[] jpeg, String link, String name, String alternative, List<String> caption) {

        Markup markup() {
            int file = name.lastIndexOf('/') + 1;
            return Markup.of(
                    "<figure><img src=\"data:image/jpeg;base64,{}\" alt=\"{}\">"
                            + "<figcaption><a href=\"{}\">{}<wbr>{}</a>{}</figcaption></figure>",
                    Base64.getEncoder().encodeToString(jpeg),
                    alternative,
                    link,
                    name.substring(0, file),
                    name.substring(file),
                    Markup.each(caption, line -> Markup.of("<span>{}</span>", line)));
        }
    }

    /** Adds pictures in rows of equal height; the kind (better, worse or none) is a colour and a sign. */
    public Section pictures(String kind, List<Picture> pictures) {
        return add("<div class=\"pictures {}\">{}</div>", kind, Markup.each(pictures, Picture::markup));
    }
}
