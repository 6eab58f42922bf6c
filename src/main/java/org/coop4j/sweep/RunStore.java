package org.coop4j.sweep;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.coop4j.run.RunFolder;
import org.coop4j.run.RunResult;

/**
 * The runs below a sweep's folder. A run is finished when its provenance, which is written last, is
 * there and its configuration is the one that is wanted.
 *
 * @param sweep the sweep's folder
 */
record RunStore(Path sweep) {

    Path folder(SweepRun run) {
        return sweep.resolve(run.folder());
    }

    /** What is there of a run; nothing is changed. */
    RunState state(SweepRun run) {
        Path folder = folder(run);
        if (!isOf(folder, run)) {
            return RunState.of(RunState.Status.NEW);
        }
        if (Files.exists(folder.resolve(RunFolder.PROVENANCE))) {
            try {
                return RunState.finished(
                        RunFolder.read(folder.resolve(RunFolder.RESULT), RunResult.class));
            } catch (IOException e) {
                return RunState.of(RunState.Status.BEGUN); // damaged: made again
            }
        }
        Path failure = folder.resolve(RunFolder.FAILURE);
        if (Files.exists(failure)) {
            try {
                return RunState.failed(RunFolder.read(failure, Failure.class).message());
            } catch (IOException e) {
                return RunState.failed("unknown");
            }
        }
        return RunState.of(RunState.Status.BEGUN);
    }

    private static boolean isOf(Path folder, SweepRun run) {
        Path config = folder.resolve(RunFolder.CONFIG);
        try {
            return Files.exists(config)
                    && RunFolder.read(config, RunConfig.class).hash().equals(run.config().hash());
        } catch (IOException | RuntimeException e) {
            return false; // damaged, or of something else
        }
    }

    /**
     * Prepares the folder of a run that is not finished: what belongs to it stays, such as its
     * checkpoint, and what does not goes.
     */
    void prepare(SweepRun run) throws IOException {
        Path folder = folder(run);
        if (!isOf(folder, run)) {
            RunFolder.delete(folder);
        }
        try (RunFolder open = RunFolder.open(folder)) {
            Files.deleteIfExists(open.file(RunFolder.PROVENANCE));
            Files.deleteIfExists(open.file(RunFolder.RESULT));
            Files.deleteIfExists(open.file(RunFolder.FAILURE));
            // Where the data lie may have changed, which makes no other run.
            open.write(RunFolder.CONFIG, run.config());
        }
    }

    /** Records why a run has no result. */
    void fail(SweepRun run, String message) throws IOException {
        try (RunFolder open = RunFolder.open(folder(run))) {
            Files.deleteIfExists(open.file(RunFolder.RESULT));
            open.write(RunFolder.CONFIG, run.config());
            open.write(RunFolder.FAILURE, Failure.now(message));
        }
    }
}
