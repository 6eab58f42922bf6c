package org.coop4j.study.html;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.coop4j.console.Cell;
import org.coop4j.console.Table;
import org.coop4j.console.Table.Column;
import org.coop4j.console.Table.Kind;
import org.coop4j.console.Table.Row;

/**
 * A table of a page: caption, header, rows; the first cell of a row names it. Rows have the data of
 * some keys as attributes, by which the page's filters find them.
 */
public final class HtmlFormat {

    /** The keys that pages filter by. */
    private static final Set<String> FILTERS = Set.of("model", "dataset", "method", "shots");

    /** With more rows a table has a height of its own, in which it scrolls below its header. */
    private static final int MOST_ROWS = 20;

    private HtmlFormat() {}

    /** The table in a box that scrolls where the page is too narrow. */
    public static Markup table(Table<?> table) {
        List<Integer> shown = table.shown();
        String caption = table.caption();
        List<Markup> rows = new ArrayList<>();
        for (Row row : table.rows()) {
            boolean setOff = table.isSetOff(rows.size(), shown.get(0));
            rows.add(row(table, row, shown, setOff));
        }
        return Section.scrolling(
                rows.size() > MOST_ROWS ? "scroll tall" : "scroll",
                caption,
                Markup.of(
                        "<table><caption>{}</caption><thead><tr>{}</tr></thead><tbody>{}</tbody>" + "</table>",
                        caption,
                        shown.stream().map(i -> heading(table.columns().get(i))).toList(),
                        rows));
    }

    /** Keeps "M = 16" on one line of a narrow header. */
    private static Markup heading(Column<?> column) {
        return Markup.of(
                "<th scope=\"col\"{}>{}</th>",
                kind(column, Cell.Style.PLAIN),
                column.heading().replace(" = ", "\u00a0=\u00a0"));
    }

    private static Markup row(Table<?> table, Row row, List<Integer> shown, boolean setOff) {
        List<Markup> cells = new ArrayList<>();
        for (int i : shown) {
            String element = cells.isEmpty() ? "th scope=\"row\"" : "td";
            Column<?> column = table.columns().get(i);
            Cell cell = row.cells().get(i);
            String text = cell.text().apply(table.decimals());
            cells.add(Markup.of(
                    "<" + element + "{}>{}{}</" + element.substring(0, 2) + ">",
                    kind(column, cell.style()),
                    column.kind() == Kind.BARS ? bar(cell, text, largest(table, i)) : text,
                    cell.note().isEmpty() ? "" : Markup.of("<small>{}</small>", cell.note())));
        }
        String type = row.average() ? "total" : "";
        return Markup.of(
                "<tr{}{}>{}</tr>",
                classes(setOff ? (type + " off").strip() : type),
                Section.data(data(table, row)),
                cells);
    }

    private static Markup kind(Column<?> column, Cell.Style style) {
        String own = column.kind().isNumeric() ? "num" : column.kind() == Kind.SENTENCES ? "text" : "";
        return classes(
                style == Cell.Style.PLAIN ? own : (own + " " + style.name().toLowerCase(Locale.ROOT)).strip());
    }

    private static Markup classes(String names) {
        return names.isEmpty() ? Markup.nothing() : Markup.of(" class=\"{}\"", names);
    }

    /** A method without training holds for all shots and has no such attribute. */
    private static Map<String, String> data(Table<?> table, Row row) {
        Map<String, String> data = new LinkedHashMap<>();
        for (int i = 0; i < row.cells().size(); i++) {
            List<String> keys = table.columns().get(i).keys();
            if (!keys.isEmpty()
                    && FILTERS.contains(keys.get(0))
                    && row.cells().get(i).data().get(0) instanceof String id
                    && !id.isEmpty()
                    && !id.equals("0")) {
                data.put(keys.get(0), id);
            }
        }
        return data;
    }

    /** From the middle of a box: to the right a gain, to the left a loss. */
    private static Markup bar(Cell cell, String text, double largest) {
        if (!(cell.data().get(0) instanceof Number difference)) {
            return Markup.nothing();
        }
        return Markup.of(
                "<span class=\"bar\"><span class=\"{}\" style=\"{}:50%;width:{}%\"></span></span>"
                        + "<span class=\"value\">{}</span>",
                difference.doubleValue() < 0 ? "loss" : "gain",
                difference.doubleValue() < 0 ? "right" : "left",
                String.format(Locale.ROOT, "%.1f", 50 * Math.abs(difference.doubleValue()) / largest),
                text);
    }

    /** The difference that fills half the box, at least one point. */
    private static double largest(Table<?> table, int column) {
        double largest = 1;
        for (Row row : table.rows()) {
            if (row.cells().get(column).data().get(0) instanceof Number difference) {
                largest = Math.max(largest, Math.abs(difference.doubleValue()));
            }
        }
        return largest;
    }
}
