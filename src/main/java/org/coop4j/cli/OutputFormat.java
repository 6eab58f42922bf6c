package org.coop4j.cli;

import picocli.CommandLine.Option;

/** How results are printed: a table, or one of two forms for other programs. */
final class OutputFormat {

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Option(names = "--csv", description = "Print comma-separated values.")
    private boolean csv;

    boolean isJson() {
        return json;
    }

    boolean isCsv() {
        return csv;
    }
}
