package org.coop4j.study.html;

import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.coop4j.console.Table;
import org.coop4j.eval.ConfusionMatrix;
import org.coop4j.study.chart.FewShotChart;
import org.coop4j.study.chart.FewShotChart.Series;
import org.coop4j.study.chart.ShareChart;
import org.coop4j.study.chart.Svg;

/** A section of an {@link HtmlPage}, filled from top to bottom. */
public final class Section {

    /** Shares above this are dark (or, on dark pages, bright) cells, and their text turns. */
    private static final double STRONG_CELL = 0.55;

    private final String heading;
    private final List<Markup> parts = new ArrayList<>();

    /** A section without content yet. */
    public Section(String heading) {
        this.heading = heading;
    }

    String heading() {
        return heading;
    }

    List<Markup> parts() {
        return parts;
    }

    /** Returns true if there is nothing below its heading. */
    public boolean isEmpty() {
        return parts.isEmpty();
    }

    /** Any part. */
    public Section add(Markup part) {
        parts.add(part);
        return this;
    }

    /** A table; nothing if it has no row. */
    public Section table(Table<?> table) {
        return table.isEmpty() ? this : add(HtmlFormat.table(table));
    }

    /** A paragraph of plain text. */
    public Section paragraph(String text) {
        return add(Markup.of("<p>{}</p>", text));
    }

    /** A heading below the section's. */
    public Section subheading(String text) {
        return add(Markup.of("<h3>{}</h3>", text));
    }

    /** Items of a list. */
    public Section list(List<String> items) {
        return add(Markup.of(
                "<ul>{}</ul>",
                items.stream().map(item -> Markup.of("<li>{}</li>", item)).toList()));
    }

    /** Lines as they stand, such as a command. */
    public Section code(String lines) {
        return add(Markup.of("<pre tabindex=\"0\"><code>{}</code></pre>", lines));
    }

    /**
     * A number that the reader should take home.
     *
     * @param value such as "73.4 ± 0.5 %"
     * @param meaning what it is
     */
    public record Fact(String value, String meaning) {}

    /** A row of such numbers, large. */
    public Section facts(List<Fact> facts) {
        return add(Markup.of(
                "<dl class=\"facts\">{}</dl>",
                facts.stream()
                        .map(fact -> Markup.of("<div><dt>{}</dt><dd>{}</dd></div>", fact.meaning, fact.value))
                        .toList()));
    }

    /** A part behind a line that opens it, with attributes {@code data-…} for the script. */
    public Section details(String summary, Map<String, String> data, Markup part) {
        return add(Markup.of("<details{}><summary>{}</summary>{}</details>", data(data), summary, part));
    }

    /** Attributes {@code data-…} by their names, which are written in the program. */
    public static Markup data(Map<String, String> values) {
        List<Markup> attributes = new ArrayList<>();
        values.forEach((name, value) -> attributes.add(Markup.of(" data-{}=\"{}\"", name, value)));
        return Markup.of("{}", attributes);
    }

    /** A table in a box of its own that scrolls where the page is too narrow. */
    public static Markup scrolling(String kind, String caption, Markup table) {
        return Markup.of(
                "<div class=\"{}\" role=\"region\" aria-label=\"{}\" tabindex=\"0\">{}</div>", kind, caption, table);
    }

    /** A few-shot chart with its legend. */
    public Section chart(FewShotChart chart, String caption) {
        return figure(Markup.of("{}{}", drawing(chart), legend(List.of(chart))), caption);
    }

    /** A chart of percentages over percentages. */
    public Section chart(ShareChart chart, String caption) {
        return figure(Markup.trusted(chart.inline()), caption);
    }

    private Section figure(Markup content, String caption) {
        return add(Markup.of("<figure class=\"single\">{}<figcaption>{}</figcaption></figure>", content, caption));
    }

    /**
     * One chart of several.
     *
     * @param data values of attributes {@code data-…} by their names
     */
    public record Chart(FewShotChart chart, Map<String, String> data) {}

    /** Several charts side by side, as many as the page is wide for, with one legend. */
    public Section charts(List<Chart> charts) {
        List<Markup> figures = new ArrayList<>();
        for (Chart one : charts) {
            figures.add(Markup.of(
                    "<figure{}><figcaption>{}</figcaption>{}</figure>",
                    data(one.data),
                    one.chart.title(),
                    drawing(one.chart)));
        }
        return add(legend(charts.stream().map(Chart::chart).toList()))
                .add(Markup.of("<div class=\"charts\">{}</div>", figures));
    }

    private static Markup drawing(FewShotChart chart) {
        return Markup.trusted(chart.inline());
    }

    /** Each series once, in the order in which they come. */
    private static Markup legend(List<FewShotChart> charts) {
        Map<String, Markup> items = new LinkedHashMap<>();
        for (FewShotChart chart : charts) {
            for (Series series : chart.series()) {
                items.computeIfAbsent(series.name(), name -> item(series));
            }
        }
        return Markup.of("<ul class=\"legend\">{}</ul>", List.copyOf(items.values()));
    }

    private static Markup item(Series series) {
        return Markup.of(
                "<li><button type=\"button\" aria-pressed=\"false\" data-series=\"{}\">" + "{}{}</button></li>",
                series.index(),
                Markup.trusted(Svg.sign(series)),
                series.name());
    }

    /**
     * A picture inside a page.
     *
     * @param address its bytes as a {@code data:} address
     * @param alternative what it shows, for those who do not see it
     * @param caption stands below it; may be empty
     */
    public record Picture(String address, String alternative, String caption) {

        /** A JPEG file. */
        public static Picture jpeg(byte[] file, String alternative, String caption) {
            String data = Base64.getEncoder().encodeToString(file);
            return new Picture("data:image/jpeg;base64," + data, alternative, caption);
        }
    }

    /** Pictures side by side. */
    public Section pictures(List<Picture> pictures) {
        return add(Markup.of(
                "<div class=\"pictures\">{}</div>",
                pictures.stream()
                        .map(picture -> Markup.of(
                                "<figure><img src=\"{}\" alt=\"{}\">" + "<figcaption>{}</figcaption></figure>",
                                picture.address(),
                                picture.alternative(),
                                picture.caption()))
                        .toList()));
    }

    /**
     * A confusion matrix as a table of counts: the larger a cell's share of the true class, the
     * stronger its colour.
     *
     * @param names of the classes by label
     */
    public Section confusion(ConfusionMatrix matrix, List<String> names, String caption) {
        int[] labels = matrix.labels();
        List<Markup> header = new ArrayList<>();
        List<Markup> rows = new ArrayList<>();
        for (int row = 0; row < matrix.size(); row++) {
            String name = names.get(labels[row]);
            header.add(Markup.of("<th scope=\"col\"><span>{}</span></th>", name));
            List<Markup> cells = new ArrayList<>();
            for (int column = 0; column < matrix.size(); column++) {
                double share = matrix.normalised()[row][column];
                int count = matrix.count(row, column);
                cells.add(Markup.of(
                        "<td class=\"{}\" style=\"--share:{}\">{}</td>",
                        share > STRONG_CELL ? "strong" : "",
                        String.format(Locale.ROOT, "%.3f", share),
                        count == 0 ? "" : count));
            }
            rows.add(Markup.of("<tr><th scope=\"row\">{}</th>{}</tr>", name, cells));
        }
        return add(scrolling(
                "scroll",
                caption,
                Markup.of(
                        "<table"
                                + " class=\"confusion\"><caption>{}</caption><thead><tr><td>true"
                                + " class ↓ predicted as"
                                + " →</td>{}</tr></thead><tbody>{}</tbody></table>",
                        caption,
                        header,
                        rows)));
    }
}
