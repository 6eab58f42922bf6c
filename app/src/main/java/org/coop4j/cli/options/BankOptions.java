package org.coop4j.cli.options;

import java.nio.file.Path;
import org.coop4j.base.CacheFolder;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.run.SharedData;
import org.coop4j.run.Run;
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
     * What does not change the result of runs.
     *
     * @param otherwise where features are kept if the user does not say
     */
    public Run.Options options(Path otherwise, MemoryLimit memory) {
        return new Run.Options(folder == null ? otherwise : folder, skipBad, memory);
    }

    /** What runs in a space have in common, features kept in the user's cache. */
    public SharedData shared(FeatureSpace space, MemoryLimit memory) {
        return new SharedData(space, options(CacheFolder.bank(), memory));
    }

    /** The same where no step is trained. */
    public SharedData shared(FeatureSpace space) {
        return shared(space, MemoryLimit.none());
    }
}
