package org.coop4j.study;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.coop4j.run.RunResult;

/** What has come of the runs of a sweep so far; tells the listener. */
final class SweepLedger {

    private final List<SweepRun> runs;
    private final SweepListener listener;
    private final Set<String> said = new HashSet<>();
    private final Map<SweepRun, RunResult> results = new LinkedHashMap<>();
    private final Map<SweepRun, String> failures = new LinkedHashMap<>();

    SweepLedger(List<SweepRun> runs, SweepListener listener) {
        this.runs = runs;
        this.listener = listener;
    }

    /** Every run of a dataset may find the same; it is said once. */
    void note(String message) {
        if (said.add(message)) {
            listener.note(message);
        }
    }

    /** Begins with the results that are there, and returns the runs that are left. */
    List<RunGroup> begin(RunStore store) {
        for (SweepRun run : runs) {
            store.state(run).result().ifPresent(result -> results.put(run, result));
        }
        store.strays(runs).forEach(this::note);
        listener.begins(runs, results);
        return RunGroup.of(runs.stream().filter(run -> !results.containsKey(run)).toList());
    }

    void finished(SweepRun run, RunResult result) {
        results.put(run, result);
        listener.finished(run, result);
    }

    void failed(SweepRun run, String message) {
        failures.put(run, message);
        listener.failed(run, message);
    }

    SweepOutcome outcome() {
        return new SweepOutcome(
                runs.stream()
                        .map(
                                run ->
                                        new SweepOutcome.Ended(
                                                run,
                                                Optional.ofNullable(results.get(run)),
                                                Optional.ofNullable(failures.get(run))))
                        .toList());
    }
}
