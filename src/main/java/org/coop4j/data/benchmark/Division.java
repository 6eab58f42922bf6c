package org.coop4j.data.benchmark;

import java.nio.file.Path;
import java.util.Objects;
import org.coop4j.data.SplitFile;

/**
 * Where the train, val and test lists of a dataset come from.
 *
 * @param origin the kind of source
 * @param description a phrase for the user: the file, or the rule
 */
public record Division(Origin origin, String description) {
    /** Checks that nothing is null. */
    public Division {
        Objects.requireNonNull(origin, "origin");
        Objects.requireNonNull(description, "description");
    }

    /** A kind of source. */
    public enum Origin {
        /** A split file that does not say who made it, as the published ones do not. */
        SPLIT_FILE,
        /** A split file that this program made by the rule and wrote, earlier. */
        MADE_SPLIT_FILE,
        /** The rule, since there is no split file; loading writes one. */
        RULE,
        /** The dataset's own lists or folders, as for datasets that have no split file. */
        OFFICIAL
    }

    /** The lists are those of a split file. */
    static Division of(Path splitFile, SplitFile.Contents contents) {
        String name = splitFile.getFileName().toString();
        return contents.madeBy()
                .map(how -> new Division(Origin.MADE_SPLIT_FILE, name + ", made by " + how))
                .orElseGet(() -> new Division(Origin.SPLIT_FILE, name));
    }

    /** The lists are made by the dataset's rule. */
    static Division byRule(Benchmark benchmark) {
        return new Division(
                benchmark.layout().splitFile().isPresent() ? Origin.RULE : Origin.OFFICIAL,
                benchmark.rule().description());
    }

    /** Returns true if the images were found in folders, so that none of them can be missing. */
    boolean isOfFolders(Benchmark benchmark) {
        return (origin == Origin.RULE || origin == Origin.OFFICIAL)
                && benchmark.rule().listsFolders();
    }
}
