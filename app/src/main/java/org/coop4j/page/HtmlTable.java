package org.coop4j.page;

import static org.coop4j.console.Table.Kind.BARS;
import static org.coop4j.console.Table.Kind.HEAT;
import static org.coop4j.console.Table.Kind.SENTENCES;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.coop4j.console.Cell;
import org.coop4j.console.Cell.Style;
import org.coop4j.console.Table;
import org.coop4j.console.Table.Column;
import org.coop4j.console.Table.Row;

/**
 * A table of a page: caption, header, rows; the first cell of a row names it. Data of some keys are attributes, by
 * which the page's filters find the rows.
 */
record HtmlTable(Table<?> table, List<Integer> shown) {

    /** Keys that pages filter by. */
    private static final Set<String> FILTERS = Set.of("model", "dataset", "group", "method", "shots");

    /** Most rows of a table of full height; a longer one scrolls below its header. */
    private static final int MOST_ROWS = 20;

    /** Least share of a row in a cell that is so dark (or, on dark pages, so bright) that its text turns. */
    private static final double STRONG = 0.55;

    /** Returns the table in a box that scrolls where the page is too narrow. */
    static Markup of(Table<?> table) {
        return new HtmlTable(table, table.shown()).markup();
    }

    private Markup markup() {
        boolean heat = shown.stream().anyMatch(i -> column(i).kind() == HEAT);
        List<Markup> rows = new ArrayList<>();
        table.rows().forEach(row -> rows.add(row(row, table.isSetOff(rows.size(), shown.get(0)))));
        return Markup.of(
                "<div class=\"{}\" role=\"region\" aria-label=\"{}\""
                        + " tabindex=\"0\"><table{}><caption><span>{}</span></caption>"
                        + "<thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>",
                rows.size() > MOST_ROWS && !heat ? "scroll tall" : "scroll",
                table.caption(),
                classes(heat ? "heat" : ""),
                table.caption(),
                Markup.each(shown, i -> heading(column(i))),
                rows);
    }

    private Column<?> column(int i) {
        return table.columns().get(i);
    }

    /** Keeps "M = 16" on one line of a narrow header. */
    private static Markup heading(Column<?> column) {
        return Markup.of(
                "<th scope=\"col\"{}><span>{}</span></th>",
                classes(kind(column)),
                column.heading().replace(" = ", "\u00a0=\u00a0"));
    }

    private Markup row(Row row, boolean setOff) {
        List<Markup> hidden = new ArrayList<>();
        List<Markup> cells = new ArrayList<>();
        for (int i = 0; i < row.cells().size(); i++) {
            if (!shown.contains(i)) {
                hidden.add(data(i, row));
                continue;
            }
            Cell cell = row.cells().get(i);
            String style =
                    cell.style() == Style.PLAIN ? "" : " " + cell.style().name().toLowerCase(Locale.ROOT);
            cells.add(Markup.of(
                    cells.isEmpty() ? "<th scope=\"row\"{}{}>{}</th>" : "<td{}{}>{}</td>",
                    column(i).kind() == HEAT ? heat(cell) : classes(kind(column(i)) + style),
                    data(i, row),
                    content(i, cell)));
        }
        return Markup.of(
                "<tr{}{}>{}</tr>", classes((row.average() ? "total" : "") + (setOff ? " off" : "")), hidden, cells);
    }

    private static String kind(Column<?> column) {
        return column.kind().isNumeric() ? "num" : column.kind() == SENTENCES ? "text" : "";
    }

    private static Markup classes(String names) {
        return names.isBlank() ? Markup.NOTHING : Markup.of(" class=\"{}\"", names.strip());
    }

    private static Markup heat(Cell cell) {
        double share = ((Number) cell.data().get(1)).doubleValue();
        return Markup.of(" class=\"{}\" style=\"--share:{}\"", share > STRONG ? "num strong" : "num", share);
    }

    /** Returns a datum that filters look at; a method without training holds for all shots and has no such datum. */
    private Markup data(int i, Row row) {
        List<String> keys = column(i).keys();
        return !keys.isEmpty()
                        && FILTERS.contains(keys.get(0))
                        && row.cells().get(i).data().get(0) instanceof String id
                        && !id.isEmpty()
                        && !id.equals("0")
                ? Markup.of(" data-{}=\"{}\"", keys.get(0), id)
                : Markup.NOTHING;
    }

    /**
     * Returns the text, of a difference with a bar from the middle of its box: gains to the right, losses to the left.
     */
    private Object content(int i, Cell cell) {
        String text = cell.text().apply(table.decimals());
        if (column(i).kind() != BARS || !(cell.data().get(0) instanceof Number number)) {
            return text;
        }
        double difference = number.doubleValue();
        double largest = table.rows().stream()
                .map(row -> row.cells().get(i).data().get(0))
                .mapToDouble(datum -> datum instanceof Number n ? Math.abs(n.doubleValue()) : 0)
                .reduce(1, Math::max);
        return Markup.of(
                "<span class=\"bar\"><span class=\"{}\" style=\"{}:50%;width:{}%\"></span></span><span class=\"value"
                        + " {}\">{}</span>",
                difference < 0 ? "loss" : "gain",
                difference < 0 ? "right" : "left",
                50 * Math.abs(difference) / largest,
                difference < 0 ? "worse" : "better",
                text);
    }
}
