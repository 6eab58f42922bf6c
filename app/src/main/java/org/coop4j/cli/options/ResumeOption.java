package org.coop4j.cli.options;

import picocli.CommandLine.Option;

/** Whether a run goes on. */
public final class ResumeOption {

    @Option(names = "--resume", description = "Resume the run in the folder.")
    private boolean resume;

    public boolean isGiven() {
        return resume;
    }
}
