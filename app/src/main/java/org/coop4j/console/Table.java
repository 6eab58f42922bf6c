package org.coop4j.console;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;
import org.coop4j.base.Numbers;
import org.coop4j.base.SafeText;

/**
 * A table before any format: columns, each described once, and rows of typed cells. People see it on the screen or on a
 * page, programs read CSV and JSON.
 *
 * @param <T> what a row is made from
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
        /** An object a line. */
        JSON_LINES
    }

    /** Content of a column. */
    public enum Kind {
        /** A few words. */
        WORDS,
        /** Sentences, which may take several lines. */
        SENTENCES,
        /** Numbers, which stand right. */
        NUMBERS,
        /** Differences, which a page shows as bars too. */
        BARS;

        /** Returns true if its cells stand right. */
        public boolean isNumeric() {
            return this == NUMBERS || this == BARS;
        }
    }

    /**
     * A row.
     *
     * @param cells one for each column
     * @param average sums up others
     */
    public record Row(List<Cell> cells, boolean average) {}

    /** A column. */
    public static final class Column<T> {
        private final String heading;
        private final Kind kind;
        private final List<String> keys;
        private final Function<? super T, ?> cell;
        private Set<Format> formats = EnumSet.allOf(Format.class);

        /** The most characters that its cells take on the screen; 0 if that is not known beforehand. */
        private int width;

        private Column(String heading, Kind kind, List<String> keys, Function<? super T, ?> cell) {
            this.heading = heading;
            this.kind = kind;
            this.keys = keys;
            this.cell = cell;
        }

        /** Its name for people. */
        public String heading() {
            return heading;
        }

        /** Content of its cells. */
        public Kind kind() {
            return kind;
        }

        /** Names of the data of a cell, in their order; none in a column for people alone. */
        public List<String> keys() {
            return keys;
        }
    }

    private final String name;
    private final String title;
    private final String note;
    private final List<Column<T>> columns = new ArrayList<>();
    private final List<Row> rows = new ArrayList<>();
    private int decimals = 2;
    private boolean grouped;

    /** A table that is printed on its own. */
    public Table() {
        this("", "", "");
    }

    /**
     * A table of a report, which shows no column without content.
     *
     * @param name of files: small letters, digits and hyphens
     * @param title says what it shows
     * @param note how to read it, a sentence without full stop; may be empty
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

    /** Sets off rows whose first shown cell differs from that of the row before. */
    public Table<T> grouped() {
        grouped = true;
        return this;
    }

    /**
     * Adds a column.
     *
     * @param heading for people
     * @param cell a {@link Cell}, or what {@link Cell#of} makes one from
     * @param keys of the data of a cell, in their order
     */
    public Table<T> column(String heading, Kind kind, Function<? super T, ?> cell, String... keys) {
        columns.add(new Column<>(heading, kind, List.of(keys), cell));
        return this;
    }

    /** Adds a column of words. */
    public Table<T> words(String heading, Function<? super T, ?> cell, String... keys) {
        return column(heading, Kind.WORDS, cell, keys);
    }

    /** Adds a column of numbers. */
    public Table<T> numbers(String heading, Function<? super T, Cell> cell, String... keys) {
        return column(heading, Kind.NUMBERS, cell, keys);
    }

    /** Adds a column of means over seeds, of which programs get three numbers. */
    public Table<T> means(String heading, Function<? super T, Cell> cell, String key) {
        return numbers(heading, cell, key, key + "_sd", key + "_ci95");
    }

    /** Adds a column for programs alone; it may have no value, or that of an Optional. */
    public Table<T> data(String key, Function<? super T, ?> value) {
        return words("", value, key).in(Format.CSV, Format.JSON, Format.JSON_LINES);
    }

    /**
     * Adds a column that people see otherwise than programs.
     *
     * @param name in CSV and JSON, and the heading
     * @param data for programs; nothing of an empty Optional
     * @param shown for people
     */
    public Table<T> shown(String name, Kind kind, Function<? super T, ?> data, Function<? super T, String> shown) {
        return column(heading(name), kind, row -> Cell.of(data.apply(row), shown.apply(row)), name);
    }

    private static String heading(String name) {
        return name.replace('_', ' ');
    }

    /** Adds a column of texts. */
    public Table<T> text(String name, Function<? super T, String> value) {
        return words(heading(name), value, name);
    }

    /** Adds a column of whole numbers. */
    public Table<T> count(String name, ToLongFunction<? super T> value) {
        return numbers(heading(name), row -> Cell.count(value.applyAsLong(row)), name);
    }

    /** Adds a column of numbers, which people see rounded. */
    public Table<T> number(String name, int digits, ToDoubleFunction<? super T> value) {
        return shown(name, Kind.NUMBERS, value::applyAsDouble, row -> Numbers.number(value.applyAsDouble(row), digits));
    }

    /** Adds a column of percentages, 0 to 100. */
    public Table<T> percent(String name, ToDoubleFunction<? super T> value) {
        return shown(name, Kind.NUMBERS, value::applyAsDouble, row -> Numbers.percent(value.applyAsDouble(row)))
                .upTo(PERCENT_WIDTH);
    }

    /** Adds a column of shares, 0 to 1 or null, which people see as percentages. */
    public Table<T> share(String name, Function<? super T, ? extends Number> value) {
        return shown(name, Kind.NUMBERS, value, row -> percent(value.apply(row)))
                .upTo(PERCENT_WIDTH);
    }

    private static String percent(Number share) {
        return share == null ? "" : Numbers.percent(100 * share.doubleValue());
    }

    /** Shows the last column in these formats alone. */
    public Table<T> in(Format first, Format... others) {
        last().formats = EnumSet.of(first, others);
        return this;
    }

    /** Says which cells the last column may have on the screen: rows can be shown as they come. */
    public Table<T> among(Iterable<String> texts) {
        for (String text : texts) {
            upTo(Math.max(last().width, AlignedLines.columns(SafeText.line(text))));
        }
        return this;
    }

    /** Says how many characters the last column takes at most: rows can be shown as they come. */
    public Table<T> upTo(int characters) {
        last().width = characters;
        return this;
    }

    private Column<T> last() {
        return columns.get(columns.size() - 1);
    }

    /** Adds a row. */
    public Table<T> row(T row) {
        rows.add(new Row(cells(row), false));
        return this;
    }

    /** Adds a row that sums up others. */
    public Table<T> average(T row) {
        rows.add(new Row(cells(row), true));
        return this;
    }

    /** Adds rows. */
    public Table<T> rows(Iterable<? extends T> all) {
        all.forEach(this::row);
        return this;
    }

    private List<Cell> cells(T row) {
        List<Cell> cells = new ArrayList<>();
        columns.forEach(column -> cells.add(Cell.of(column.cell.apply(row))));
        return cells;
    }

    /** Name of its files. */
    public String name() {
        return name;
    }

    /** Says what it shows. */
    public String title() {
        return title;
    }

    /** The title, and how to read the table. */
    public String caption() {
        return note.isEmpty() ? title : title + ": " + note;
    }

    /** Decimals of percentages on a page. */
    public int decimals() {
        return decimals;
    }

    /** The columns. */
    public List<Column<T>> columns() {
        return Collections.unmodifiableList(columns);
    }

    /** The rows. */
    public List<Row> rows() {
        return Collections.unmodifiableList(rows);
    }

    /** Returns true if it has no row. */
    public boolean isEmpty() {
        return rows.isEmpty();
    }

    /** Indices of the columns that people see. */
    public List<Integer> shown() {
        List<Integer> shown = new ArrayList<>(of(Format.TABLE));
        if (!name.isEmpty()) {
            shown.removeIf(i -> rows.stream().allMatch(row -> row.cells.get(i).isEmpty()));
        }
        return shown;
    }

    /** Indices of the columns of a format. */
    List<Integer> of(Format format) {
        List<Integer> of = new ArrayList<>();
        for (int i = 0; i < columns.size(); i++) {
            if (columns.get(i).formats.contains(format)) {
                of.add(i);
            }
        }
        return of;
    }

    /**
     * Returns true if a line is drawn above a row: where averages begin or end, or a group.
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

    /** The rows that sum up others, under the same columns. */
    public Table<T> averages() {
        return part(columns, rows.stream().filter(Row::average).toList());
    }

    /** The columns whose first keys are named, in the same order. */
    public Table<T> keeping(String... keys) {
        List<Integer> kept = new ArrayList<>();
        for (int i = 0; i < columns.size(); i++) {
            List<String> own = columns.get(i).keys;
            if (!own.isEmpty() && List.of(keys).contains(own.get(0))) {
                kept.add(i);
            }
        }
        return part(
                kept.stream().map(columns::get).toList(),
                rows.stream()
                        .map(row -> new Row(kept.stream().map(row.cells::get).toList(), row.average))
                        .toList());
    }

    private Table<T> part(List<Column<T>> someColumns, List<Row> someRows) {
        Table<T> part = new Table<>(name, title, note);
        part.decimals = decimals;
        part.grouped = grouped;
        part.columns.addAll(someColumns);
        part.rows.addAll(someRows);
        return part;
    }

    /** The rows in aligned columns under their headings in upper case. */
    public AlignedLines lines() {
        List<Integer> shown = shown();
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

    /** The rows as objects; unknown data are left out. */
    public ArrayNode json() {
        JsonMapper mapper = Json.mapper();
        ArrayNode array = mapper.createArrayNode();
        rows.forEach(row -> array.add(json(row.cells, mapper)));
        return array;
    }

    private ObjectNode json(List<Cell> cells, JsonMapper mapper) {
        ObjectNode node = mapper.createObjectNode();
        for (int i : of(Format.JSON)) {
            List<?> data = cells.get(i).data();
            List<String> keys = columns.get(i).keys;
            for (int k = 0; k < Math.min(keys.size(), data.size()); k++) {
                if (data.get(k) != null) {
                    node.set(keys.get(k), mapper.valueToTree(data.get(k)));
                }
            }
        }
        return node;
    }

    /** Prints the rows that were added. */
    public void print(Format format, Console console) {
        if (format == Format.TABLE) {
            lines().print(console.out());
            return;
        }
        try (Printer printer = printer(format, console)) {
            rows.forEach(row -> printer.print(row.cells));
        }
    }

    /** Prints rows one by one. */
    public Printer printer(Format format, Console console) {
        return new Printer(format, console);
    }

    /** Prints rows as they come; those of a table whose widths are not known when it is closed. */
    public final class Printer implements AutoCloseable {
        private final Format format;
        private final Console console;
        private final List<Integer> shown = of(Format.TABLE);
        private final AlignedLines lines = heading(shown);
        private final boolean live;
        /** Takes longer to make than a table to print. */
        private final JsonMapper mapper;

        private boolean begun;

        private Printer(Format format, Console console) {
            this.format = format;
            this.console = console;
            this.live = shown.stream().allMatch(i -> columns.get(i).width > 0);
            for (int c = 0; c < shown.size(); c++) {
                lines.atLeast(c, columns.get(shown.get(c)).width);
            }
            this.mapper = format == Format.JSON || format == Format.JSON_LINES ? Json.mapper() : null;
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
                case TABLE -> lines.row(texts(cells, shown));
                case CSV -> print(CsvFormat.record(Table.this, cells));
                case JSON -> print((begun ? ", " : "[ ") + text(mapper.writerWithDefaultPrettyPrinter(), cells));
                case JSON_LINES -> print(text(mapper.writer(), cells) + "\n");
            }
            begun = true;
            if (format == Format.TABLE && live) {
                console.above(() -> lines.printNew(console.out()));
            }
            console.flush();
        }

        private void print(String text) {
            console.above(() -> console.out().print(text));
        }

        private String text(ObjectWriter writer, List<Cell> cells) {
            try {
                return writer.writeValueAsString(json(cells, mapper));
            } catch (JsonProcessingException e) {
                throw new IllegalStateException("a tree can always be written", e);
            }
        }

        @Override
        public void close() {
            if (format == Format.JSON) {
                print(begun ? " ]\n" : "[ ]\n");
            } else if (format == Format.TABLE && begun) {
                lines.printNew(console.out());
            }
        }
    }
}
