package org.coop4j.results;

import java.nio.file.Path;
import java.util.List;

/**
 * The runs below a folder, each list in the order of the folders' names.
 *
 * @param root the folder that was searched
 * @param finished runs with a result
 * @param failed runs that say why they failed
 * @param unfinished folders of runs that have neither result nor failure
 * @param damaged runs whose files cannot be used
 */
public record Findings(
        Path root,
        List<FinishedRun> finished,
        List<Failure> failed,
        List<Path> unfinished,
        List<Failure> damaged) {

    /** Copies the lists. */
    public Findings {
        finished = List.copyOf(finished);
        failed = List.copyOf(failed);
        unfinished = List.copyOf(unfinished);
        damaged = List.copyOf(damaged);
    }

    /**
     * A run that gave nothing.
     *
     * @param folder relative to the folder that was searched
     * @param reason one line
     */
    public record Failure(Path folder, String reason) {}
}
