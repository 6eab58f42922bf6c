package org.coop4j.console;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.coop4j.base.Numbers;
import org.coop4j.base.SafeText;

/**
 * A table before any format: columns, each described once, and rows of typed cells. People see it on the screen or on a
 * page, programs read CSV and JSON.
 *
 * @param <T> source of a row
 */
public final class Table<T> {

    private static final int PERCENT_WIDTH = "100.0 %".length();

    /** Form of a printed table. */
    public enum Format {
        /** For people. */
        TABLE,
        CSV,
        /** An array of objects. */
        JSON,
        /** One object per line. */
        JSON_LINES
    }

    /** Content of a column. */
    public enum Kind {
        /** A few words. */
        WORDS,
        /** Sentences, which may take several lines. */
        SENTENCES,
        /** Numbers, aligned right. */
        NUMBERS,
        /** Differences, which a page shows as bars too. */
        BARS,
        /** Counts and their share of the row from 0 to 1, which is the strength of a cell's colour on a page. */
        HEAT;

        /** Returns true if the cells are aligned right. */
        public boolean isNumeric() {
            return this != WORDS && this != SENTENCES;
        }
    }

    /**
     * A row.
     *
     * @param cells one cell per column
     * @param average true if it summarises other rows
     */
    public record Row(List<Cell> cells, boolean average) {}

    /**
     * A column.
     *
     * @param heading heading for people
     * @param keys names of the data of a cell, in their order; none in a column for people alone
     * @param cell makes a cell of a row's source
     * @param formats where it is seen
     */
    public record Column<T>(String heading, Kind kind, List<String> keys, Function<T, ?> cell, Set<Format> formats) {}

    private final String name;
    private final String title;
    private final String note;
    private final List<Column<T>> columns = new ArrayList<>();
    private final List<Row> rows = new ArrayList<>();

    /** Most characters of columns' cells on the screen, where they are known before all rows are there. */
    private final Map<Integer, Integer> widths = new HashMap<>();

    /** Columns that a narrow terminal leaves out. */
    private final Set<Integer> optional = new HashSet<>();

    private int decimals = 1;
    private boolean grouped;

    /** Makes a table that is printed on its own. */
    public Table() {
        this("");
    }

    /** Makes a table of a page. */
    public Table(String title) {
        this("", title, "");
    }

    /**
     * Makes a table of a report; if it has a name, columns without content are hidden.
     *
     * @param name name of its file: small letters, digits and hyphens
     * @param note explanation, a sentence without full stop; may be empty
     */
    public Table(String name, String title, String note) {
        this.name = name;
        this.title = title;
        this.note = note;
    }

    /** Sets the number of decimals of percentages on a page; the screen has one. */
    public Table<T> decimals(int digits) {
        decimals = digits;
        return this;
    }

    /** Draws a line where the first shown cell differs from the one above. */
    public Table<T> grouped() {
        grouped = true;
        return this;
    }

    /**
     * Adds a column.
     *
     * @param cell makes a {@link Cell}, or a value: a number in a column of numbers is a percentage or a count, in one of
     *     bars a difference
     * @param keys names of the data of a cell, in their order
     */
    public Table<T> column(String heading, Kind kind, Function<T, ?> cell, String... keys) {
        columns.add(new Column<>(heading, kind, List.of(keys), cell, EnumSet.allOf(Format.class)));
        return this;
    }

    /** Adds a column of words. */
    public Table<T> words(String heading, Function<T, ?> cell, String... keys) {
        return column(heading, Kind.WORDS, cell, keys);
    }

    /** Adds a column of numbers. */
    public Table<T> numbers(String heading, Function<T, ?> cell, String... keys) {
        return column(heading, Kind.NUMBERS, cell, keys);
    }

    /** Adds a column of means over seeds. Machine-readable forms have three numbers each. */
    public Table<T> means(String heading, Function<T, ?> cell, String key) {
        return numbers(heading, cell, key, key + "_sd", key + "_ci95");
    }

    /** Adds a column for programs alone; the value may be null or an Optional. */
    public Table<T> data(String key, Function<T, ?> value) {
        return words("", value, key).in(Format.CSV, Format.JSON, Format.JSON_LINES);
    }

    /** Adds a column for programs that read JSON. */
    public Table<T> nested(String key, Function<T, ?> value) {
        return data(key, value).in(Format.JSON, Format.JSON_LINES);
    }

    /** Adds a column of texts, which JSON has in another form. */
    public Table<T> nested(String name, Function<T, String> text, Function<T, ?> value) {
        return text(name, text).in(Format.TABLE, Format.CSV).nested(name, value);
    }

    /**
     * Adds a column with one value for programs and another for people.
     *
     * @param name key in CSV and JSON, and the heading
     * @param data value for programs, which may be an Optional
     */
    public Table<T> shown(String name, Kind kind, Function<T, ?> data, Function<T, String> shown) {
        return column(heading(name), kind, row -> Cell.of(data.apply(row), shown.apply(row)), name);
    }

    private static String heading(String name) {
        return name.replace('_', ' ');
    }

    /** Adds a column of texts. */
    public Table<T> text(String name, Function<T, String> value) {
        return words(heading(name), value, name);
    }

    /** Adds a column of whole numbers. */
    public Table<T> count(String name, Function<T, ?> value) {
        return numbers(heading(name), value, name);
    }

    /** Adds a column of numbers, rounded for people. */
    public Table<T> number(String name, int digits, ToDoubleFunction<T> value) {
        return shown(name, Kind.NUMBERS, value::applyAsDouble, row -> Numbers.number(value.applyAsDouble(row), digits));
    }

    /** Adds a column of percentages, 0 to 100. */
    public Table<T> percent(String name, Function<T, Double> value) {
        return percent(name, 1, value);
    }

    /** Adds a column of shares, 0 to 1 or null, shown as percentages on screen. */
    public Table<T> share(String name, Function<T, ? extends Number> value) {
        return percent(name, 100, value);
    }

    private Table<T> percent(String name, int factor, Function<T, ? extends Number> value) {
        return shown(name, Kind.NUMBERS, value, row -> {
                    Number number = value.apply(row);
                    return number == null ? "" : Numbers.percent(factor * number.doubleValue());
                })
                .upTo(PERCENT_WIDTH);
    }

    /** Shows the last column in these formats alone. */
    public Table<T> in(Format... formats) {
        columns.get(columns.size() - 1).formats.retainAll(List.of(formats));
        return this;
    }

    /** Adds a value that the filter of a page searches. */
    public Table<T> filter(String key, Function<T, ?> value) {
        return words("", value, key).in();
    }

    /** Lists the cells that the last column may have on the screen, so that rows can be printed as they come. */
    public Table<T> among(Collection<String> texts) {
        return upTo(texts.stream()
                .mapToInt(text -> AlignedLines.columns(SafeText.line(text)))
                .max()
                .orElse(0));
    }

    private Table<T> upTo(int width) {
        widths.put(columns.size() - 1, width);
        return this;
    }

    /** Lets a terminal that is too narrow for the table leave out the last column; those to the right go first. */
    public Table<T> optional() {
        optional.add(columns.size() - 1);
        return this;
    }

    /** Adds a row. */
    public Table<T> row(T row) {
        rows.add(new Row(cells(row), false));
        return this;
    }

    /** Adds rows that summarise others. */
    public Table<T> averages(List<? extends T> all) {
        all.forEach(row -> rows.add(new Row(cells(row), true)));
        return this;
    }

    /** Adds rows. */
    public Table<T> rows(Iterable<? extends T> all) {
        all.forEach(this::row);
        return this;
    }

    private List<Cell> cells(T row) {
        return columns.stream()
                .map(column -> Cell.of(column.cell.apply(row), column.kind))
                .toList();
    }

    /** Returns the name of its file. */
    public String name() {
        return name;
    }

    /** Returns its title. */
    public String title() {
        return title;
    }

    /** Returns its title and explanation. */
    public String caption() {
        return note.isEmpty() ? title : title + ": " + note;
    }

    /** Returns the number of decimals of percentages on a page. */
    public int decimals() {
        return decimals;
    }

    /** Returns the columns. */
    public List<Column<T>> columns() {
        return Collections.unmodifiableList(columns);
    }

    /** Returns the rows. */
    public List<Row> rows() {
        return Collections.unmodifiableList(rows);
    }

    /** Returns true if it has no row. */
    public boolean isEmpty() {
        return rows.isEmpty();
    }

    /** Returns the indices of the visible columns. */
    public List<Integer> shown() {
        return of(Format.TABLE).stream()
                .filter(i -> name.isEmpty()
                        || rows.stream().anyMatch(row -> !row.cells.get(i).isEmpty()))
                .toList();
    }

    /** Returns the indices of the columns of a format. */
    List<Integer> of(Format format) {
        return IntStream.range(0, columns.size())
                .filter(i -> columns.get(i).formats.contains(format))
                .boxed()
                .toList();
    }

    /**
     * Returns true if a line is drawn above a row: where averages or a group begin or end.
     *
     * @param first the first of the columns {@link #shown}
     */
    public boolean isSetOff(int row, int first) {
        if (row == 0) {
            return false;
        }
        Row own = rows.get(row);
        Row before = rows.get(row - 1);
        return own.average != before.average
                || (grouped
                        && !own.cells
                                .get(first)
                                .data()
                                .equals(before.cells.get(first).data()));
    }

    /** Returns the rows in aligned columns under their headings in upper case. */
    public AlignedLines lines() {
        return lines(shown());
    }

    /** Returns lines of at most so many columns: without optional columns, then with words broken into lines. */
    private AlignedLines lines(int most) {
        List<Integer> shown = new ArrayList<>(shown());
        for (int i = shown.size() - 1; i >= 0 && lines(shown).width() > most; i--) {
            if (optional.contains(shown.get(i))) {
                shown.remove(i);
            }
        }
        return lines(shown).within(most);
    }

    private AlignedLines lines(List<Integer> shown) {
        AlignedLines lines = heading(shown);
        rows.forEach(row -> lines.row(texts(row.cells, shown)));
        return lines;
    }

    private AlignedLines heading(List<Integer> shown) {
        return new AlignedLines(shown.stream().map(i -> columns.get(i).kind).toArray(Kind[]::new))
                .row(shown.stream()
                        .map(i -> columns.get(i).heading.toUpperCase(Locale.ROOT))
                        .toArray(String[]::new));
    }

    private static String[] texts(List<Cell> cells, List<Integer> shown) {
        return shown.stream().map(i -> cells.get(i).screen()).toArray(String[]::new);
    }

    /** Returns the rows as objects without unknown data. */
    public ArrayNode json() {
        ArrayNode array = Json.object().arrayNode();
        rows.forEach(row -> array.add(json(row.cells)));
        return array;
    }

    private ObjectNode json(List<Cell> cells) {
        ObjectNode node = Json.object();
        Iterator<Object> data = data(Format.JSON, cells).iterator();
        for (String key : keys(Format.JSON)) {
            Object datum = data.next();
            if (datum != null) {
                node.set(key, Json.of(datum));
            }
        }
        return node;
    }

    /** Returns the keys of all data of a row; keys may repeat. */
    List<String> keys(Format format) {
        return of(format).stream().flatMap(i -> columns.get(i).keys.stream()).toList();
    }

    /** Returns all data of a row; null where unknown. */
    List<Object> data(Format format, List<Cell> cells) {
        List<Object> data = new ArrayList<>();
        for (int i : of(format)) {
            int keys = columns.get(i).keys.size();
            data.addAll(Arrays.asList(Arrays.copyOf(cells.get(i).data().toArray(), keys)));
        }
        return data;
    }

    /** Prints the rows that were added. */
    public void print(Format format, Console console) {
        if (format == Format.TABLE) {
            lines(console.outWidth()).print(console);
            return;
        }
        try (Printer printer = printer(format, console)) {
            rows.forEach(row -> printer.print(row.cells));
        }
    }

    /** Prints each row for people as a list of what is known, with the headings of the columns. */
    public void printFacts(Console console) {
        String between = "";
        for (Row row : rows) {
            AlignedLines lines = new AlignedLines();
            of(Format.TABLE).stream()
                    .filter(i -> !row.cells.get(i).isEmpty())
                    .forEach(i ->
                            lines.row(columns.get(i).heading, row.cells.get(i).screen()));
            console.out().print(between);
            lines.within(console.width()).print(console);
            between = "\n";
        }
    }

    /** Returns a printer of single rows. */
    public Printer printer(Format format, Console console) {
        return new Printer(format, console);
    }

    /** Prints rows as they come, or on closing where the widths of a table's columns are unknown before. */
    public final class Printer implements AutoCloseable {
        private final Format format;
        private final Console console;
        private final List<Integer> shown = of(Format.TABLE);
        private final AlignedLines lines = heading(shown);
        private boolean begun;

        private Printer(Format format, Console console) {
            this.format = format;
            this.console = console;
            for (int c = 0; c < shown.size(); c++) {
                lines.atLeast(c, widths.getOrDefault(shown.get(c), 0));
            }
            if (format == Format.CSV) {
                print(CsvFormat.header(Table.this));
            }
        }

        /** Prints a row. */
        public void print(T row) {
            print(cells(row));
        }

        private void print(List<Cell> cells) {
            switch (format) {
                case TABLE -> {
                    lines.row(texts(cells, shown));
                    if (widths.keySet().containsAll(shown)) {
                        console.above(() -> lines.print(console));
                    }
                }
                case CSV -> print(CsvFormat.record(Table.this, cells));
                case JSON -> print((begun ? ", " : "[ ") + Json.text(json(cells), true));
                case JSON_LINES -> print(Json.text(json(cells), false) + "\n");
            }
            begun = true;
            console.flush();
        }

        private void print(String text) {
            console.above(() -> console.out().print(text));
        }

        @Override
        public void close() {
            if (format == Format.JSON) {
                print(begun ? " ]\n" : "[ ]\n");
            } else if (format == Format.TABLE && begun) {
                lines.print(console);
            }
        }
    }
}
