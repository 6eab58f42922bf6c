package org.coop4j.report;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Predicate;

/**
 * A table of results before any format: columns, and rows of typed cells. {@link CsvFormat} and
 * {@link JsonFormat} write the data of the columns that have keys; {@link HtmlFormat}, {@link
 * LatexFormat} and the screen show the columns that have a heading and hold anything.
 */
public final class ResultTable {

    /** What a column holds. */
    public enum Kind {
        /** A few words. */
        WORDS,
        /** Sentences, which may take several lines. */
        SENTENCES,
        /** Numbers, which stand right. */
        NUMBERS,
        /** Differences, which a page shows as bars too. */
        BARS
    }

    /**
     * A column.
     *
     * @param heading for people; empty if they do not see it
     * @param keys of the data of a cell, in their order; none for people alone
     */
    public record Column(String heading, Kind kind, List<String> keys) {

        /** Whether its cells stand right. */
        public boolean isNumeric() {
            return kind == Kind.NUMBERS || kind == Kind.BARS;
        }
    }

    /** Where a row is from. */
    public enum Origin {
        MEASURED,
        /** Sums up others. */
        AVERAGE,
        /** A paper: other programs find it in the table of published numbers. */
        PUBLISHED
    }

    /** A row with a cell for each column. */
    public record Row(Origin origin, List<Cell> cells) {}

    private final String name;
    private final String title;
    private final String note;
    private final List<Column> columns = new ArrayList<>();
    private final List<Row> rows = new ArrayList<>();
    private int decimals = 2;
    private boolean grouped;

    /**
     * A table without columns yet.
     *
     * @param name of files and labels: small letters, digits and hyphens
     * @param title says what it shows
     * @param note how to read it, a sentence without full stop; may be empty
     */
    public ResultTable(String name, String title, String note) {
        this.name = name;
        this.title = title;
        this.note = note;
    }

    /** Sets how many decimals people see of percentages. */
    public ResultTable decimals(int digits) {
        decimals = digits;
        return this;
    }

    /** Sets off rows whose first shown cell differs from that of the row before. */
    ResultTable grouped() {
        grouped = true;
        return this;
    }

    /** Adds a column. */
    public ResultTable column(String heading, Kind kind, String... keys) {
        columns.add(new Column(heading, kind, List.of(keys)));
        return this;
    }

    /** Adds a column of words. */
    public ResultTable words(String heading, String... keys) {
        return column(heading, Kind.WORDS, keys);
    }

    /** Adds a column of numbers. */
    public ResultTable numbers(String heading, String... keys) {
        return column(heading, Kind.NUMBERS, keys);
    }

    /** Adds a column of the three numbers of a mean over seeds. */
    ResultTable means(String heading, String key) {
        return numbers(heading, key, key + "_sd", key + "_ci95");
    }

    /** Adds columns that other programs alone see. */
    ResultTable hidden(String... keys) {
        for (String key : keys) {
            words("", key);
        }
        return this;
    }

    /** Adds a row. */
    public ResultTable row(Cell... cells) {
        return row(Origin.MEASURED, List.of(cells));
    }

    ResultTable row(Origin origin, List<Cell> cells) {
        if (cells.size() != columns.size()) {
            throw new IllegalArgumentException(
                    "a row of %d cells in the table \"%s\" of %d columns"
                            .formatted(cells.size(), title, columns.size()));
        }
        rows.add(new Row(origin, List.copyOf(cells)));
        return this;
    }

    String name() {
        return name;
    }

    /** The title. */
    public String title() {
        return title;
    }

    String note() {
        return note;
    }

    int decimals() {
        return decimals;
    }

    /** The columns. */
    public List<Column> columns() {
        return Collections.unmodifiableList(columns);
    }

    /** The rows. */
    public List<Row> rows() {
        return Collections.unmodifiableList(rows);
    }

    /** Whether it has no row. */
    public boolean isEmpty() {
        return rows.isEmpty();
    }

    /** The places of the columns that people see: those with a heading that hold anything. */
    public List<Integer> shown() {
        List<Integer> shown = new ArrayList<>();
        for (int i = 0; i < columns.size(); i++) {
            int column = i;
            if (!columns.get(i).heading.isEmpty()
                    && rows.stream().anyMatch(row -> !row.cells.get(column).isEmpty())) {
                shown.add(i);
            }
        }
        return shown;
    }

    /**
     * Whether a line is drawn above a row: where averages begin or end, or a group.
     *
     * @param first the first of the columns {@link #shown}
     */
    boolean isSetOff(int row, int first) {
        if (row == 0) {
            return false;
        }
        Row own = rows.get(row);
        Row before = rows.get(row - 1);
        return (own.origin == Origin.AVERAGE) != (before.origin == Origin.AVERAGE)
                || (grouped && !own.cells.get(first).data().equals(before.cells.get(first).data()));
    }

    /** The rows that pass, under the same columns. */
    ResultTable where(Predicate<Row> passes) {
        ResultTable some = new ResultTable(name, title, note).decimals(decimals);
        some.columns.addAll(columns);
        some.grouped = grouped;
        rows.stream().filter(passes).forEach(some.rows::add);
        return some;
    }

    /** The columns whose first keys are named, in the same order. */
    ResultTable keeping(String... keys) {
        ResultTable some = new ResultTable(name, title, note).decimals(decimals);
        List<Integer> kept = new ArrayList<>();
        for (int i = 0; i < columns.size(); i++) {
            List<String> own = columns.get(i).keys;
            if (!own.isEmpty() && List.of(keys).contains(own.get(0))) {
                kept.add(i);
                some.columns.add(columns.get(i));
            }
        }
        rows.forEach(row -> some.row(row.origin, kept.stream().map(row.cells::get).toList()));
        return some;
    }
}
