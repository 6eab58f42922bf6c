package org.coop4j.console;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;
import org.coop4j.base.Numbers;
import org.coop4j.base.SafeText;
import org.coop4j.console.Table.Align;
import org.coop4j.report.CsvFormat;

/**
 * The columns of rows of one kind, described once: for people a table, for programs CSV and JSON.
 *
 * @param <T> a row
 */
public final class Rows<T> {

    private static final int PERCENT_WIDTH = "100.0 %".length();

    private final List<Column<T>> columns = new ArrayList<>();

    /** Made when JSON is printed: a mapper takes longer to make than a table to print. */
    private static final class Mapper {
        static final JsonMapper JSON = Json.mapper();
    }

    /** How rows are printed. */
    public enum Format {
        TABLE,
        CSV,
        /** An array of objects. */
        JSON,
        /** An object a line. */
        JSON_LINES
    }

    private static final class Column<T> {
        private final String name;
        private final Align align;
        private final Function<? super T, ?> data;
        private final Function<? super T, String> shown;
        private Set<Format> formats = EnumSet.allOf(Format.class);

        /** The most columns that the table's cells take; 0 if that is not known beforehand. */
        private int width;

        Column(
                String name,
                Align align,
                Function<? super T, ?> data,
                Function<? super T, String> shown) {
            this.name = name;
            this.align = align;
            this.data = data;
            this.shown = shown;
        }

        String heading() {
            return name.replace('_', ' ').toUpperCase(Locale.ROOT);
        }

        /** What programs get; null if it is unknown. */
        Object data(T row) {
            Object value = data.apply(row);
            return value instanceof Optional<?> maybe ? maybe.orElse(null) : value;
        }

        String field(T row) {
            Object value = data(row);
            return value == null ? "" : value.toString();
        }
    }

    /**
     * Adds a column that people see otherwise than programs.
     *
     * @param name in CSV and JSON; in upper case, the table's heading
     * @param data for programs; nothing of an empty Optional
     * @param shown for people
     */
    public Rows<T> column(
            String name,
            Align align,
            Function<? super T, ?> data,
            Function<? super T, String> shown) {
        columns.add(new Column<>(name, align, data, shown));
        return this;
    }

    /** Adds a column of texts. */
    public Rows<T> text(String name, Function<? super T, String> value) {
        return column(name, Align.LEFT, value, value);
    }

    /** Adds a column of whole numbers. */
    public Rows<T> count(String name, ToLongFunction<? super T> value) {
        return column(
                name,
                Align.RIGHT,
                value::applyAsLong,
                row -> Numbers.count(value.applyAsLong(row)));
    }

    /** Adds a column of numbers, which people see rounded. */
    public Rows<T> number(String name, int decimals, ToDoubleFunction<? super T> value) {
        return column(
                name,
                Align.RIGHT,
                value::applyAsDouble,
                row -> Numbers.number(value.applyAsDouble(row), decimals));
    }

    /** Adds a column of percentages, 0 to 100. */
    public Rows<T> percent(String name, ToDoubleFunction<? super T> value) {
        column(
                name,
                Align.RIGHT,
                value::applyAsDouble,
                row -> Numbers.percent(value.applyAsDouble(row)));
        last().width = PERCENT_WIDTH;
        return this;
    }

    /** Adds a column of shares, 0 to 1, which people see as percentages. */
    public Rows<T> share(String name, Function<? super T, ? extends Number> value) {
        column(
                name,
                Align.RIGHT,
                value,
                row -> Numbers.percent(100 * value.apply(row).doubleValue()));
        last().width = PERCENT_WIDTH;
        return this;
    }

    /** Adds a column for programs alone. */
    public Rows<T> data(String name, Function<? super T, ?> value) {
        column(name, Align.LEFT, value, row -> "");
        return in(Format.CSV, Format.JSON, Format.JSON_LINES);
    }

    /** The last column is in these formats alone. */
    public Rows<T> in(Format first, Format... others) {
        last().formats = EnumSet.of(first, others);
        return this;
    }

    /** The table's cells of the last column are among these: rows can be shown as they come. */
    public Rows<T> among(Iterable<String> texts) {
        for (String text : texts) {
            last().width = Math.max(last().width, Table.columns(SafeText.line(text)));
        }
        return this;
    }

    /** The table's cells of the last column take so much at most: rows are shown as they come. */
    public Rows<T> upTo(int characters) {
        last().width = characters;
        return this;
    }

    private Column<T> last() {
        return columns.get(columns.size() - 1);
    }

    private List<Column<T>> of(Format format) {
        return columns.stream().filter(column -> column.formats.contains(format)).toList();
    }

    /** Prints all rows. */
    public void print(Format format, Iterable<? extends T> rows, Console console) {
        if (format == Format.TABLE) {
            table(rows).print(console.out());
            return;
        }
        try (Printer printer = printer(format, console)) {
            rows.forEach(printer::print);
        }
    }

    /** The rows as a table. */
    public Table table(Iterable<? extends T> rows) {
        Table table = heading(of(Format.TABLE));
        rows.forEach(row -> table.row(cells(row)));
        return table;
    }

    private static <T> Table heading(List<Column<T>> shown) {
        return new Table(shown.stream().map(column -> column.align).toArray(Align[]::new))
                .row(shown.stream().map(Column::heading).toArray(String[]::new));
    }

    private String[] cells(T row) {
        return of(Format.TABLE).stream()
                .map(column -> column.shown.apply(row))
                .toArray(String[]::new);
    }

    /** The rows as JSON. */
    public ArrayNode json(Iterable<? extends T> rows) {
        ArrayNode array = Mapper.JSON.createArrayNode();
        rows.forEach(row -> array.add(json(row)));
        return array;
    }

    /** A row as JSON; what is unknown is left out. */
    private ObjectNode json(T row) {
        ObjectNode node = Mapper.JSON.createObjectNode();
        for (Column<T> column : of(Format.JSON)) {
            Object value = column.data(row);
            if (value != null) {
                node.set(column.name, Mapper.JSON.valueToTree(value));
            }
        }
        return node;
    }

    /** Prints rows one by one. */
    public Printer printer(Format format, Console console) {
        return new Printer(format, console);
    }

    /** Prints rows as they come; those of a table whose widths are not known when it is closed. */
    public final class Printer implements AutoCloseable {
        private final Format format;
        private final Console console;
        private final Table table = heading(of(Format.TABLE));
        private final boolean live;
        private boolean begun;

        private Printer(Format format, Console console) {
            this.format = format;
            this.console = console;
            List<Column<T>> shown = of(Format.TABLE);
            this.live = shown.stream().allMatch(column -> column.width > 0);
            for (int c = 0; c < shown.size(); c++) {
                table.atLeast(c, shown.get(c).width);
            }
            if (format == Format.CSV) {
                print(CsvFormat.record(of(format).stream().map(column -> column.name).toList()));
            }
        }

        /** Prints a row. */
        public void print(T row) {
            switch (format) {
                case TABLE -> table.row(cells(row));
                case CSV ->
                        print(
                                CsvFormat.record(
                                        of(format).stream().map(c -> c.field(row)).toList()));
                case JSON ->
                        print(
                                (begun ? ", " : "[ ")
                                        + text(Mapper.JSON.writerWithDefaultPrettyPrinter(), row));
                case JSON_LINES -> print(text(Mapper.JSON.writer(), row) + "\n");
            }
            begun = true;
            if (format == Format.TABLE && live) {
                console.above(() -> table.printNew(console.out()));
            }
            console.flush();
        }

        private void print(String text) {
            console.above(() -> console.out().print(text));
        }

        private String text(ObjectWriter writer, T row) {
            try {
                return writer.writeValueAsString(json(row));
            } catch (JsonProcessingException e) {
                throw new IllegalStateException("a tree can always be written", e);
            }
        }

        @Override
        public void close() {
            if (format == Format.JSON) {
                print(begun ? " ]\n" : "[ ]\n");
            } else if (format == Format.TABLE && begun) {
                table.printNew(console.out());
            }
        }
    }
}
