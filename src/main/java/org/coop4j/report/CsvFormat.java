package org.coop4j.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.coop4j.report.ResultTable.Column;
import org.coop4j.report.ResultTable.Origin;
import org.coop4j.report.ResultTable.Row;
import org.coop4j.text.SafeText;

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
            String decimals = cell.value() instanceof Cell.Probability ? "%.3g" : "%.4f";
            List<?> data = cell.value().data();
            for (int k = 0; k < column.keys().size(); k++) {
                fields.add(k < data.size() ? field(data.get(k), decimals) : "");
            }
        }
        return fields;
    }

    private static String field(Object datum, String decimals) {
        if (datum == null) {
            return "";
        }
        if (datum instanceof Double number) {
            return String.format(Locale.ROOT, decimals, number);
        }
        return datum instanceof List<?> list
                ? list.stream().map(String::valueOf).collect(Collectors.joining(", "))
                : datum.toString();
    }

    /** One record with its line feed. */
    public static String record(List<String> fields) {
        return fields.stream().map(CsvFormat::escape).collect(Collectors.joining(",", "", "\n"));
    }

    /**
     * Text as a field. What a spreadsheet would run as a formula begins with an apostrophe (OWASP,
     * CSV injection).
     */
    static String escape(String field) {
        String safe = SafeText.lines(field);
        boolean formula = !safe.isEmpty() && "=+-@\t".indexOf(safe.charAt(0)) >= 0;
        if (formula && !NUMBER.matcher(safe).matches()) {
            safe = "'" + safe;
        }
        boolean plain = safe.chars().noneMatch(c -> c == ',' || c == '"' || c == '\n');
        return plain ? safe : '"' + safe.replace("\"", "\"\"") + '"';
    }
}
