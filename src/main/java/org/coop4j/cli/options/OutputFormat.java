package org.coop4j.cli.options;

import picocli.CommandLine.Option;

/** How results are printed: a table, or one of two forms for other programs. */
public final class OutputFormat {

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Option(names = "--csv", description = "Print comma-separated values.")
    private boolean csv;

    public boolean isJson() {
        return json;
    }

    public boolean isCsv() {
        return csv;
    }
}
