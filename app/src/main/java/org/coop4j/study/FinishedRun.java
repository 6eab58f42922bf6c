package org.coop4j.study;

import java.nio.file.Path;
import org.coop4j.run.RunConfig;
import org.coop4j.run.RunResult;

/**
 * A run that has a result.
 *
 * @param folder relative to the folder that was searched
 * @param result what it measured
 * @param config what it was configured with
 * @param settings the same, without data, shots and seed
 * @param model the model that it used
 * @param testHash hash of the list of test images; empty if it is not recorded
 * @param finished when it ended, in UTC; empty if it is not recorded
 */
public record FinishedRun(
        Path folder,
        RunResult result,
        RunConfig config,
        RunSettings settings,
        ModelId model,
        String testHash,
        String finished) {

    /** Whether a context was tested on other data than it was learned from. */
    public boolean isTransferred() {
        return !result.dataset().equals(result.trainedOn());
    }

    /** Training images a class. */
    public Shots shots() {
        return Shots.of(result.shots(), result.trainImages());
    }
}
