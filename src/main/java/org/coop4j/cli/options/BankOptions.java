package org.coop4j.cli.options;

import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Where image features are kept, and what becomes of images that have none. */
public final class BankOptions {

    @Option(
            names = "--bank",
            paramLabel = "DIR",
            description =
                    "Folder that keeps image features between runs (default: in the user's cache;"
                            + " of a sweep, its subfolder bank).")
    private Path folder;

    @Option(names = "--skip-bad", description = "Skip images that cannot be read.")
    private boolean skipBad;

    /**
     * The folder of the feature banks.
     *
     * @param otherwise where it is if the user does not say
     */
    public Path folder(Path otherwise) {
        return folder == null ? otherwise : folder;
    }

    /** Whether unreadable images are left out; otherwise they are an error. */
    public boolean skipBad() {
        return skipBad;
    }
}
