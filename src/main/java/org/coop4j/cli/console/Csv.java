package org.coop4j.cli.console;

import java.io.PrintStream;
import java.util.Arrays;
import java.util.stream.Collectors;

/** Writes comma-separated values (RFC 4180), a line feed after each record. */
public final class Csv {

    private final PrintStream out;

    public Csv(PrintStream out, String... header) {
        this.out = out;
        record(header);
    }

    /** Writes a record. */
    public void record(String... fields) {
        out.print(Arrays.stream(fields).map(Csv::quoted).collect(Collectors.joining(",")) + "\n");
    }

    private static String quoted(String field) {
        boolean plain =
                field.chars().noneMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r');
        return plain ? field : '"' + field.replace("\"", "\"\"") + '"';
    }
}
