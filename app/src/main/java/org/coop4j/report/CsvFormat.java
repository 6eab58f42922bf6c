package org.coop4j.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.coop4j.base.SafeText;
import org.coop4j.report.ResultTable.Column;
import org.coop4j.report.ResultTable.Origin;
import org.coop4j.report.ResultTable.Row;

/** Comma-separated values (RFC 4180), a line feed after each record. */
public final class CsvFormat {

    private static final Pattern NUMBER = Pattern.compile("[-+]?[0-9.]+([eE][-+]?[0-9]+)?");

    private CsvFormat() {}

    /** A table's data, the keys first; percentages have four decimals. */
    public static String text(ResultTable table) {
        StringBuilder text = new StringBuilder();
        text.append(record(table.columns().stream().flatMap(c -> c.keys().stream()).toList()));
        for (Row row : table.rows()) {
            if (row.origin() != Origin.PUBLISHED) {
                text.append(record(fields(table, row)));
            }
        }
        return text.toString();
    }

    private static List<String> fields(ResultTable table, Row row) {
        List<String> fields = new ArrayList<>();
        for (int i = 0; i < row.cells().size(); i++) {
            Column column = table.columns().get(i);
            Cell cell = row.cells().get(i);
            for (int k = 0; k < column.keys().size(); k++) {
                // The leading zeros of a probability count.
                String format = column.keys().get(k).startsWith("p_") ? "%.3g" : "%.4f";
                fields.add(k < cell.data().size() ? field(cell.data().get(k), format) : "");
            }
        }
        return fields;
    }

    private static String field(Object datum, String format) {
        if (datum == null) {
            return "";
        }
        if (datum instanceof Double number) {
            return String.format(Locale.ROOT, format, number);
        }
        return datum instanceof List<?> list
                ? list.stream().map(String::valueOf).collect(Collectors.joining(", "))
                : datum.toString();
    }

    /** One record with its line feed. */
    public static String record(List<String> fields) {
        return fields.stream().map(CsvFormat::escape).collect(Collectors.joining(",", "", "\n"));
    }

    private static String escape(String field) {
        String safe = safe(field);
        boolean plain = safe.chars().noneMatch(c -> c == ',' || c == '"' || c == '\n');
        return plain ? safe : '"' + safe.replace("\"", "\"\"") + '"';
    }

    /**
     * Text of a field: controls are written out, and what a spreadsheet would run as a formula
     * begins with an apostrophe (OWASP, CSV injection). Numbers stay.
     */
    public static String safe(String text) {
        String safe = SafeText.lines(text);
        boolean formula = !safe.isEmpty() && "=+-@\t".indexOf(safe.charAt(0)) >= 0;
        return formula && !NUMBER.matcher(safe).matches() ? "'" + safe : safe;
    }
}
