package org.coop4j.console;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.coop4j.base.SafeText;

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
        List<String> keys = new ArrayList<>();
        table.of(Table.Format.CSV)
                .forEach(i -> keys.addAll(table.columns().get(i).keys()));
        return record(keys);
    }

    static String record(Table<?> table, List<Cell> cells) {
        List<String> fields = new ArrayList<>();
        for (int i : table.of(Table.Format.CSV)) {
            List<?> data = cells.get(i).data();
            for (int k = 0; k < table.columns().get(i).keys().size(); k++) {
                fields.add(k < data.size() ? field(data.get(k)) : "");
            }
        }
        return record(fields);
    }

    private static String field(Object datum) {
        if (datum instanceof List<?> list) {
            return list.stream().map(String::valueOf).collect(Collectors.joining(", "));
        }
        return datum == null ? "" : datum.toString();
    }

    static String record(List<String> fields) {
        return fields.stream().map(CsvFormat::escape).collect(Collectors.joining(",", "", "\n"));
    }

    private static String escape(String field) {
        String safe = safe(field);
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
