package org.coop4j.cli.options;

import org.coop4j.console.Table;
import picocli.CommandLine.Option;

/** How results are printed: a table, or one of two forms for other programs. */
public class OutputFormat {

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Option(names = "--csv", description = "Print comma-separated values.")
    private boolean csv;

    /** The one that was chosen. */
    public Table.Format chosen() {
        return json ? Table.Format.JSON : csv ? Table.Format.CSV : Table.Format.TABLE;
    }

    /** For commands that print results one by one. */
    public static final class Lines extends OutputFormat {

        @Option(names = "--jsonl", description = "Print JSON Lines, one object per line.")
        private boolean lines;

        @Override
        public Table.Format chosen() {
            return lines ? Table.Format.JSON_LINES : super.chosen();
        }
    }
}
