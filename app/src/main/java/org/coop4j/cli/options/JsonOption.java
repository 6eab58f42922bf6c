package org.coop4j.cli.options;

import picocli.CommandLine.Option;

/** Whether results are printed for other programs. */
public final class JsonOption {

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    /** Whether JSON is printed. */
    public boolean isGiven() {
        return json;
    }
}
