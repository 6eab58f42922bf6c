package org.coop4j.cli.console;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.SequenceWriter;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.csv.CsvGenerator;
import com.fasterxml.jackson.dataformat.csv.CsvMapper;
import com.fasterxml.jackson.dataformat.csv.CsvSchema;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;
import org.coop4j.cli.console.Table.Align;
import org.coop4j.eval.Numbers;
import org.coop4j.report.CsvFormat;
import org.coop4j.text.SafeText;

/**
 * The columns of rows of one kind, described once: for people a table, for programs CSV and JSON.
 *
 * @param <T> a row
 */
public final class Rows<T> {

    private static final CsvMapper CSV =
            CsvMapper.builder()
                    .enable(CsvGenerator.Feature.STRICT_CHECK_FOR_QUOTING)
                    .disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET)
                    .build();
    private static final JsonMapper JSON = Json.mapper();

    private static final int PERCENT_WIDTH = "100.0 %".length();

    private final List<Column<T>> columns = new ArrayList<>();

    /** How rows are printed. */
    public enum Format {
        TABLE,
        CSV,
        /** An array of objects. */
        JSON,
        /** An object a line. */
        JSON_LINES
    }

    /**
     * A column.
     *
     * @param name in CSV and JSON; in upper case, the table's header
     * @param value for programs; nothing of an empty Optional
     * @param shown for people
     * @param width the most columns that the table's cells take; 0 if that is not known beforehand
     */
    private record Column<T>(
            String name,
            Align align,
            Function<? super T, ?> value,
            Function<? super T, String> shown,
            int width,
            Set<Format> formats) {

        Column<T> in(Set<Format> newFormats) {
            return new Column<>(name, align, value, shown, width, newFormats);
        }

        Column<T> wide(int newWidth) {
            return new Column<>(name, align, value, shown, newWidth, formats);
        }

        String header() {
            return name.replace('_', ' ').toUpperCase(Locale.ROOT);
        }

        Object of(T row) {
            Object given = value.apply(row);
            return given instanceof Optional<?> maybe ? maybe.orElse(null) : given;
        }
    }

    /** A column that people see otherwise than programs. */
    public Rows<T> column(
            String name,
            Align align,
            Function<? super T, ?> value,
            Function<? super T, String> shown) {
        columns.add(new Column<>(name, align, value, shown, 0, EnumSet.allOf(Format.class)));
        return this;
    }

    /** A column of texts. */
    public Rows<T> text(String name, Function<? super T, String> value) {
        return column(name, Align.LEFT, value, value);
    }

    /** A column of whole numbers. */
    public Rows<T> count(String name, ToLongFunction<? super T> value) {
        return column(
                name,
                Align.RIGHT,
                value::applyAsLong,
                row -> Numbers.count(value.applyAsLong(row)));
    }

    /** A column of numbers, which people see rounded. */
    public Rows<T> number(String name, int decimals, ToDoubleFunction<? super T> value) {
        String form = "%." + decimals + "f";
        return column(
                name,
                Align.RIGHT,
                value::applyAsDouble,
                row -> String.format(Locale.ROOT, form, value.applyAsDouble(row)));
    }

    /** A column of percentages, 0 to 100. */
    public Rows<T> percent(String name, ToDoubleFunction<? super T> value) {
        column(
                name,
                Align.RIGHT,
                value::applyAsDouble,
                row -> Numbers.percent(value.applyAsDouble(row)));
        return last(last().wide(PERCENT_WIDTH));
    }

    /** A column of shares, 0 to 1, which people see as percentages. */
    public Rows<T> share(String name, Function<? super T, ? extends Number> value) {
        column(
                name,
                Align.RIGHT,
                value,
                row -> Numbers.percent(100 * value.apply(row).doubleValue()));
        return last(last().wide(PERCENT_WIDTH));
    }

    /** A column for programs alone. */
    public Rows<T> data(String name, Function<? super T, ?> value) {
        column(name, Align.LEFT, value, row -> "");
        return in(Format.CSV, Format.JSON, Format.JSON_LINES);
    }

    /** The last column is in these formats alone. */
    public Rows<T> in(Format first, Format... others) {
        return last(last().in(EnumSet.of(first, others)));
    }

    /**
     * The table's cells of the last column are among these, so that rows can be shown as they come.
     */
    public Rows<T> among(Iterable<String> texts) {
        int width = 0;
        for (String text : texts) {
            width = Math.max(width, Table.columns(SafeText.line(text)));
        }
        return last(last().wide(width));
    }

    private Column<T> last() {
        return columns.get(columns.size() - 1);
    }

    private Rows<T> last(Column<T> changed) {
        columns.set(columns.size() - 1, changed);
        return this;
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
        try (Printer<T> printer = printer(format, console)) {
            rows.forEach(printer::print);
        }
    }

    /** The rows as a table. */
    public Table table(Iterable<? extends T> rows) {
        List<Column<T>> shown = of(Format.TABLE);
        Table table = empty(shown).row(headers(shown));
        rows.forEach(row -> table.row(cells(shown, row)));
        return table;
    }

    private static <T> Table empty(List<Column<T>> shown) {
        return new Table(shown.stream().map(Column::align).toArray(Align[]::new));
    }

    private static <T> String[] headers(List<Column<T>> shown) {
        return shown.stream().map(Column::header).toArray(String[]::new);
    }

    private static <T> String[] cells(List<Column<T>> shown, T row) {
        return shown.stream().map(column -> column.shown.apply(row)).toArray(String[]::new);
    }

    /** The rows as JSON. */
    public ArrayNode json(Iterable<? extends T> rows) {
        ArrayNode array = JSON.createArrayNode();
        rows.forEach(row -> array.add(json(row)));
        return array;
    }

    /** A row as JSON; what is unknown is left out. */
    private ObjectNode json(T row) {
        ObjectNode node = JSON.createObjectNode();
        for (Column<T> column : of(Format.JSON)) {
            Object value = column.of(row);
            if (value != null) {
                node.set(column.name, JSON.valueToTree(value));
            }
        }
        return node;
    }

    /**
     * Prints rows one by one, as they come; a table whose widths are not known, when it is closed.
     */
    public Printer<T> printer(Format format, Console console) {
        return format == Format.TABLE
                ? new TablePrinter(console)
                : new DataPrinter(format, console);
    }

    /** Takes rows and prints them. */
    public interface Printer<T> extends AutoCloseable {

        void print(T row);

        @Override
        void close();
    }

    private final class TablePrinter implements Printer<T> {

        private final Console console;
        private final List<Column<T>> shown = of(Format.TABLE);
        private final boolean live = shown.stream().allMatch(column -> column.width > 0);
        private final List<T> rows = new ArrayList<>();
        private boolean begun;

        TablePrinter(Console console) {
            this.console = console;
        }

        @Override
        public void print(T row) {
            if (!live) {
                rows.add(row);
                return;
            }
            Table table = empty(shown);
            for (int c = 0; c < shown.size(); c++) {
                table.atLeast(c, Math.max(shown.get(c).width, shown.get(c).name.length()));
            }
            if (!begun) {
                table.row(headers(shown));
                begun = true;
            }
            table.row(cells(shown, row));
            console.above(() -> table.print(console.out()));
            console.flush();
        }

        @Override
        public void close() {
            if (!rows.isEmpty()) {
                table(rows).print(console.out());
            }
        }
    }

    private final class DataPrinter implements Printer<T> {

        private final Format format;
        private final Console console;
        private final SequenceWriter writer;

        DataPrinter(Format format, Console console) {
            this.format = format;
            this.console = console;
            try {
                writer = writer();
                if (format == Format.CSV) {
                    writer.write(of(format).stream().map(Column::name).toList());
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private SequenceWriter writer() throws IOException {
            return switch (format) {
                case CSV ->
                        CSV.writer(CsvSchema.emptySchema().withLineSeparator("\n"))
                                .writeValues(console.out());
                case JSON ->
                        JSON.writerWithDefaultPrettyPrinter().writeValues(console.out()).init(true);
                default -> JSON.writer().withRootValueSeparator("").writeValues(console.out());
            };
        }

        @Override
        public void print(T row) {
            try {
                writer.write(format == Format.CSV ? record(row) : json(row));
                if (format == Format.JSON_LINES) {
                    writer.flush();
                    console.out().print("\n");
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            console.flush();
        }

        private List<Object> record(T row) {
            List<Object> record = new ArrayList<>();
            for (Column<T> column : of(Format.CSV)) {
                Object value = column.of(row);
                record.add(
                        value instanceof String text
                                ? CsvFormat.safe(text)
                                : Objects.requireNonNullElse(value, ""));
            }
            return record;
        }

        @Override
        public void close() {
            try {
                writer.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            if (format == Format.JSON) {
                console.out().print("\n");
            }
        }
    }
}
