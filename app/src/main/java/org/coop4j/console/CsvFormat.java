package org.coop4j.console;

import static java.util.stream.Collectors.joining;

import java.util.List;
import java.util.Objects;
import org.coop4j.base.SafeText;
import org.coop4j.console.Table.Format;

/** Comma-separated values (RFC 4180), a line feed after each record. */
public final class CsvFormat {

    private CsvFormat() {}

    /** Returns a table's data, the keys first. */
    public static String text(Table<?> table) {
        StringBuilder text = new StringBuilder(header(table));
        table.rows().forEach(row -> text.append(record(table, row.cells())));
        return text.toString();
    }

    static String header(Table<?> table) {
        return record(table.keys(Format.CSV));
    }

    static String record(Table<?> table, List<Cell> cells) {
        return record(table.data(Format.CSV, cells));
    }

    static String record(List<?> data) {
        return data.stream().map(CsvFormat::field).collect(joining(",", "", "\n"));
    }

    private static String field(Object datum) {
        String safe = safe(
                datum instanceof List<?> list
                        ? list.stream().map(String::valueOf).collect(joining(", "))
                        : Objects.toString(datum, ""));
        boolean plain = safe.chars().noneMatch(c -> c == ',' || c == '"' || c == '\n');
        return plain ? safe : '"' + safe.replace("\"", "\"\"") + '"';
    }

    /**
     * Makes a field harmless: control characters are spelled, and text that a spreadsheet would run as a formula begins
     * with an apostrophe (OWASP, CSV injection). Numbers stay.
     */
    private static String safe(String text) {
        String safe = SafeText.lines(text);
        boolean formula = !safe.isEmpty() && "=+-@\t".indexOf(safe.charAt(0)) >= 0;
        return formula && !safe.matches("[-+]?[0-9.]+([eE][-+]?[0-9]+)?") ? "'" + safe : safe;
    }
}
