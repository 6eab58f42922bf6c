package org.coop4j.results;

import java.nio.file.Path;
import java.util.SortedMap;
import org.coop4j.run.RunResult;

/**
 * A run that has a result.
 *
 * @param folder relative to the folder that was searched
 * @param result what it measured
 * @param model the model that it used
 * @param settings what it was configured with, as texts by setting
 * @param ownPrompt the hand-written prompt of its data; empty if it is not recorded
 * @param testHash hash of the list of test images; empty if it is not recorded
 * @param finished when it ended, in UTC; empty if it is not recorded
 */
public record FinishedRun(
        Path folder,
        RunResult result,
        ModelId model,
        SortedMap<String, String> settings,
        String ownPrompt,
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
