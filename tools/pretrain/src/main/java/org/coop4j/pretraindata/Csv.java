package org.coop4j.pretraindata;

import java.util.Arrays;
import java.util.stream.Collectors;

/** Rows of comma-separated values as RFC 4180 has them, but ended by a line feed alone. */
final class Csv {
    private Csv() {}

    static String row(String... fields) {
        return Arrays.stream(fields).map(Csv::field).collect(Collectors.joining(",", "", "\n"));
    }

    private static String field(String text) {
        boolean plain = text.chars().noneMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r');
        return plain ? text : '"' + text.replace("\"", "\"\"") + '"';
    }
}
