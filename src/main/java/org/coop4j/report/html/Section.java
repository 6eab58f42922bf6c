package org.coop4j.report.html;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.coop4j.eval.ConfusionMatrix;
import org.coop4j.report.chart.FewShotChart;
import org.coop4j.report.chart.FewShotChart.Curve;
import org.coop4j.report.chart.FewShotChart.Origin;
import org.coop4j.report.chart.FewShotChart.Star;
import org.coop4j.report.chart.Marker;
import org.coop4j.report.chart.Paint;

/** A section of an {@link HtmlPage}, filled from top to bottom. */
public final class Section {

    /** Shares above this are dark (or, on dark pages, bright) cells, and their text turns. */
    private static final double STRONG_CELL = 0.55;

    private static final double PERCENT = 0.005;

    private final String heading;
    private final List<Markup> parts = new ArrayList<>();

    /** A section without content yet. */
    public Section(String heading) {
        this.heading = heading;
    }

    String heading() {
        return heading;
    }

    Markup[] parts() {
        return parts.toArray(Markup[]::new);
    }

    /** A paragraph of plain text. */
    public Section paragraph(String text) {
        return paragraph(Markup.text(text));
    }

    /** A paragraph. */
    public Section paragraph(Markup content) {
        return add(Markup.element("p", content));
    }

    /** A remark set off from the text, such as a warning. */
    public Section note(String text) {
        return add(Markup.element("p", Map.of("class", "note"), Markup.text(text)));
    }

    /** A heading below the section's. */
    public Section subheading(String text) {
        return add(Markup.element("h3", Markup.text(text)));
    }

    /** Items of a list. */
    public Section list(List<String> items) {
        return add(
                Markup.element(
                        "ul",
                        items.stream()
                                .map(item -> Markup.element("li", Markup.text(item)))
                                .toArray(Markup[]::new)));
    }

    /** Lines as they stand, such as a command. */
    public Section code(String lines) {
        Map<String, String> attributes = new LinkedHashMap<>();
        attributes.put("tabindex", "0");
        return add(Markup.element("pre", attributes, Markup.element("code", Markup.text(lines))));
    }

    /**
     * A number that the reader should take home.
     *
     * @param value such as "73.4 ± 0.5 %"
     * @param meaning what it is
     */
    public record Fact(String value, String meaning) {}

    /** A row of such numbers, large. */
    public Section facts(Fact... facts) {
        List<Markup> items = new ArrayList<>();
        for (Fact fact : facts) {
            items.add(
                    Markup.element(
                            "div",
                            Markup.element("dt", Markup.text(fact.meaning)),
                            Markup.element("dd", Markup.text(fact.value))));
        }
        return add(Markup.element("dl", Map.of("class", "facts"), items.toArray(Markup[]::new)));
    }

    /** A table. */
    public Section table(HtmlTable table) {
        return add(table.markup());
    }

    /**
     * Tables behind a line that opens them, which a script can find.
     *
     * @param data values of attributes {@code data-…} by their names
     */
    public Section details(String summary, Map<String, String> data, HtmlTable... tables) {
        Map<String, String> attributes = new LinkedHashMap<>();
        data.forEach((name, value) -> attributes.put("data-" + name, value));
        List<Markup> content = new ArrayList<>();
        content.add(Markup.element("summary", Markup.text(summary)));
        for (HtmlTable table : tables) {
            content.add(table.markup());
        }
        return add(Markup.element("details", attributes, content.toArray(Markup[]::new)));
    }

    /** A few-shot chart with its legend. */
    public Section chart(FewShotChart chart, String caption) {
        return add(
                Markup.element(
                        "figure",
                        Map.of("class", "single"),
                        Markup.chart(chart),
                        legend(List.of(chart)),
                        Markup.element("figcaption", Markup.text(caption))));
    }

    /** Several charts side by side, as many as the page is wide for, with one legend. */
    public Section charts(List<FewShotChart> charts) {
        return charts(charts, chart -> Map.of());
    }

    /**
     * Several charts side by side that a script can find.
     *
     * @param data values of attributes {@code data-…} by their names
     */
    public Section charts(
            List<FewShotChart> charts, Function<FewShotChart, Map<String, String>> data) {
        List<Markup> figures = new ArrayList<>();
        for (FewShotChart chart : charts) {
            Map<String, String> attributes = new LinkedHashMap<>();
            data.apply(chart).forEach((name, value) -> attributes.put("data-" + name, value));
            figures.add(
                    Markup.element(
                            "figure",
                            attributes,
                            Markup.element("figcaption", Markup.text(chart.title())),
                            Markup.chart(chart)));
        }
        return add(legend(charts))
                .add(
                        Markup.element(
                                "div", Map.of("class", "charts"), figures.toArray(Markup[]::new)));
    }

    /** Each series once, in the order in which they come. */
    private static Markup legend(List<FewShotChart> charts) {
        Map<String, Markup> items = new LinkedHashMap<>();
        for (FewShotChart chart : charts) {
            for (Curve curve : chart.curves()) {
                Markup sign =
                        Markup.sign(
                                Marker.series(curve.series()),
                                Paint.series(curve.series()),
                                curve.origin() == Origin.PUBLISHED);
                items.putIfAbsent(curve.name(), legendItem(sign, curve.name()));
            }
            for (Star star : chart.stars()) {
                Markup sign =
                        Markup.sign(
                                Marker.STAR,
                                Paint.series(star.series()),
                                star.origin() == Origin.PUBLISHED);
                items.putIfAbsent(star.name(), legendItem(sign, star.name()));
            }
        }
        return Markup.element(
                "ul", Map.of("class", "legend"), items.values().toArray(Markup[]::new));
    }

    private static Markup legendItem(Markup sign, String name) {
        return Markup.element("li", sign, Markup.text(name));
    }

    /** Pictures side by side. */
    public Section pictures(List<Picture> pictures) {
        List<Markup> figures = new ArrayList<>();
        for (Picture picture : pictures) {
            figures.add(figure(picture));
        }
        return add(
                Markup.element("div", Map.of("class", "pictures"), figures.toArray(Markup[]::new)));
    }

    /** One picture, as wide as the text. */
    public Section picture(Picture picture) {
        return add(figure(picture));
    }

    private static Markup figure(Picture picture) {
        Map<String, String> attributes = new LinkedHashMap<>();
        attributes.put("src", picture.address());
        attributes.put("alt", picture.alternative());
        Markup caption =
                picture.caption().isEmpty()
                        ? Markup.nothing()
                        : Markup.element("figcaption", Markup.text(picture.caption()));
        return Markup.element("figure", Markup.empty("img", attributes), caption);
    }

    /**
     * A confusion matrix as a table whose cells are the darker the larger their share of the true
     * class.
     *
     * @param names of the classes by label
     */
    public Section confusion(ConfusionMatrix matrix, List<String> names, String caption) {
        int[] labels = matrix.labels();
        double[][] shares = matrix.normalised();
        List<Markup> header = new ArrayList<>();
        header.add(Markup.element("td", Markup.text("true ↓ predicted →")));
        List<Markup> rows = new ArrayList<>();
        for (int row = 0; row < matrix.size(); row++) {
            String name = names.get(labels[row]);
            header.add(
                    Markup.element(
                            "th",
                            Map.of("scope", "col"),
                            Markup.element("span", Markup.text(name))));
            List<Markup> cells = new ArrayList<>();
            cells.add(Markup.element("th", Map.of("scope", "row"), Markup.text(name)));
            for (int column = 0; column < matrix.size(); column++) {
                cells.add(share(shares[row][column]));
            }
            rows.add(Markup.element("tr", cells.toArray(Markup[]::new)));
        }
        Map<String, String> box = new LinkedHashMap<>();
        box.put("class", "scroll");
        box.put("role", "region");
        box.put("aria-label", caption);
        box.put("tabindex", "0");
        return add(
                Markup.element(
                        "div",
                        box,
                        Markup.element(
                                "table",
                                Map.of("class", "confusion"),
                                Markup.element("caption", Markup.text(caption)),
                                Markup.element(
                                        "thead",
                                        Markup.element("tr", header.toArray(Markup[]::new))),
                                Markup.element("tbody", rows.toArray(Markup[]::new)))));
    }

    private static Markup share(double share) {
        Map<String, String> attributes = new LinkedHashMap<>();
        if (share > STRONG_CELL) {
            attributes.put("class", "strong");
        }
        attributes.put("style", String.format(Locale.ROOT, "--share:%.3f", share));
        String text = share < PERCENT ? "" : String.format(Locale.ROOT, "%.0f", 100 * share);
        return Markup.element("td", attributes, Markup.text(text));
    }

    /** Anything else. */
    public Section add(Markup part) {
        parts.add(part);
        return this;
    }
}
