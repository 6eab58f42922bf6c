package org.coop4j.study;

import java.util.List;
import java.util.Optional;
import org.coop4j.run.RunResult;

/**
 * How a sweep ended.
 *
 * @param runs every run with what came of it, in order
 */
public record SweepOutcome(List<Ended> runs) {

    /** Copies the list. */
    public SweepOutcome {
        runs = List.copyOf(runs);
    }

    /**
     * A run and what came of it.
     *
     * @param result its result, if it has one
     * @param failure why it has none
     */
    public record Ended(SweepRun run, Optional<RunResult> result, Optional<String> failure) {}

    /** The runs that have no result. */
    public List<Ended> failures() {
        return runs.stream().filter(run -> run.failure().isPresent()).toList();
    }
}
