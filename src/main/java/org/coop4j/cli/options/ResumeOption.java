package org.coop4j.cli.options;

import picocli.CommandLine.Option;

/** Whether a run goes on. */
public final class ResumeOption {

    @Option(names = "--resume", description = "Go on with the run that the folder holds.")
    private boolean resume;

    public boolean isGiven() {
        return resume;
    }
}
