package org.coop4j.report.html;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A table of an {@link HtmlPage}: caption, header, rows; the first cell of a row names it. */
public final class HtmlTable {

    /** How a column stands. */
    public enum Align {
        /** Words. */
        LEFT,
        /** Sentences, which may take several lines. */
        TEXT,
        /** Numbers, with digits of one width. */
        RIGHT
    }

    /** What sort of cell it is. */
    public enum Kind {
        /** A usual one. */
        PLAIN,
        /** The best of its kind: bold. */
        BEST,
        /** A number of a paper: italic, and grey. */
        PUBLISHED,
        /** Of less weight: grey. */
        MUTED
    }

    /**
     * A cell.
     *
     * @param note further words below it, smaller, or empty
     */
    public record Cell(Markup content, Kind kind, String note) {
        /** Words or a number. */
        public static Cell of(String text) {
            return new Cell(Markup.text(text), Kind.PLAIN, "");
        }

        /** Words or a number of some kind. */
        public static Cell of(String text, Kind kind) {
            return new Cell(Markup.text(text), kind, "");
        }

        /** The same with a note. */
        public Cell withNote(String text) {
            return new Cell(content, kind, text);
        }

        /**
         * A difference with a bar from the middle of the cell: to the right a gain, to the left a
         * loss.
         *
         * @param largest the difference that fills half the cell
         */
        public static Cell gain(double difference, double largest) {
            double share = largest > 0 ? Math.min(1, Math.abs(difference) / largest) : 0;
            String style =
                    String.format(
                            Locale.ROOT,
                            "%s:50%%;width:%.1f%%",
                            difference < 0 ? "right" : "left",
                            50 * share);
            Map<String, String> bar = new LinkedHashMap<>();
            bar.put("class", difference < 0 ? "loss" : "gain");
            bar.put("style", style);
            return new Cell(
                    Markup.join(
                            Markup.element(
                                    "span", Map.of("class", "bar"), Markup.element("span", bar)),
                            Markup.text(signed(difference))),
                    Kind.PLAIN,
                    "");
        }

        /** "+1.2" or "−1.2". */
        public static String signed(double value) {
            String text = String.format(Locale.ROOT, "%+.1f", value);
            return text.replace("-0.0", "0.0").replace("+0.0", "0.0").replace('-', '−');
        }
    }

    private record Column(String header, Align align) {}

    private record Row(Map<String, String> data, boolean total, List<Cell> cells) {}

    private final String caption;
    private final List<Column> columns = new ArrayList<>();
    private final List<Row> rows = new ArrayList<>();
    private boolean tall;

    /** A table without columns yet. */
    public HtmlTable(String caption) {
        this.caption = caption;
    }

    /** Adds a column of words. */
    public HtmlTable words(String... headers) {
        for (String header : headers) {
            columns.add(new Column(header, Align.LEFT));
        }
        return this;
    }

    /** Adds a column of sentences. */
    public HtmlTable text(String header) {
        columns.add(new Column(header, Align.TEXT));
        return this;
    }

    /** Adds columns of numbers. */
    public HtmlTable numbers(String... headers) {
        for (String header : headers) {
            columns.add(new Column(header, Align.RIGHT));
        }
        return this;
    }

    /** Adds a row of plain cells. */
    public HtmlTable row(String... cells) {
        List<Cell> row = new ArrayList<>();
        for (String cell : cells) {
            row.add(Cell.of(cell));
        }
        return row(row);
    }

    /** Adds a row. */
    public HtmlTable row(List<Cell> cells) {
        return add(Map.of(), false, cells);
    }

    /** Adds a row that sums up those above, set off from them. */
    public HtmlTable total(List<Cell> cells) {
        return add(Map.of(), true, cells);
    }

    /**
     * Adds a row that a script can find.
     *
     * @param data values of attributes {@code data-…} by their names
     */
    public HtmlTable row(Map<String, String> data, List<Cell> cells) {
        return add(data, false, cells);
    }

    /** Adds a row that a script can find and that sums up those above. */
    public HtmlTable total(Map<String, String> data, List<Cell> cells) {
        return add(data, true, cells);
    }

    private HtmlTable add(Map<String, String> data, boolean total, List<Cell> cells) {
        if (cells.size() != columns.size()) {
            throw new IllegalArgumentException(
                    "a row of %d cells in the table \"%s\" of %d columns"
                            .formatted(cells.size(), caption, columns.size()));
        }
        rows.add(new Row(data, total, List.copyOf(cells)));
        return this;
    }

    /** Gives a table of many rows a height of its own, in which it scrolls below its header. */
    public HtmlTable tall() {
        tall = true;
        return this;
    }

    /** Whether it has no rows. */
    public boolean isEmpty() {
        return rows.isEmpty();
    }

    /** The table in a box of its own that scrolls where the page is too narrow. */
    Markup markup() {
        Map<String, String> box = new LinkedHashMap<>();
        box.put("class", tall ? "scroll tall" : "scroll");
        box.put("role", "region");
        box.put("aria-label", caption);
        box.put("tabindex", "0");
        return Markup.element(
                "div",
                box,
                Markup.element(
                        "table",
                        Markup.element("caption", Markup.text(caption)),
                        Markup.element("thead", header()),
                        Markup.element(
                                "tbody", rows.stream().map(this::row).toArray(Markup[]::new))));
    }

    private Markup header() {
        List<Markup> cells = new ArrayList<>();
        for (Column column : columns) {
            Map<String, String> attributes = new LinkedHashMap<>();
            attributes.put("scope", "col");
            if (column.align == Align.RIGHT) {
                attributes.put("class", "num");
            }
            cells.add(Markup.element("th", attributes, Markup.text(column.header)));
        }
        return Markup.element("tr", cells.toArray(Markup[]::new));
    }

    private Markup row(Row row) {
        Map<String, String> attributes = new LinkedHashMap<>();
        if (row.total) {
            attributes.put("class", "total");
        }
        row.data.forEach((name, value) -> attributes.put("data-" + name, value));
        List<Markup> cells = new ArrayList<>();
        for (int c = 0; c < row.cells.size(); c++) {
            cells.add(cell(row.cells.get(c), columns.get(c), c == 0));
        }
        return Markup.element("tr", attributes, cells.toArray(Markup[]::new));
    }

    private static Markup cell(Cell cell, Column column, boolean first) {
        List<String> classes = new ArrayList<>();
        if (column.align != Align.LEFT) {
            classes.add(column.align == Align.RIGHT ? "num" : "text");
        }
        if (cell.kind != Kind.PLAIN) {
            classes.add(cell.kind.name().toLowerCase(Locale.ROOT));
        }
        Map<String, String> attributes = new LinkedHashMap<>();
        if (first) {
            attributes.put("scope", "row");
        }
        if (!classes.isEmpty()) {
            attributes.put("class", String.join(" ", classes));
        }
        Markup note =
                cell.note.isEmpty()
                        ? Markup.nothing()
                        : Markup.element("small", Markup.text(cell.note));
        return Markup.element(first ? "th" : "td", attributes, cell.content, note);
    }
}
