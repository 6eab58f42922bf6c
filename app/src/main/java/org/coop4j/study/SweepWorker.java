package org.coop4j.study;

import static org.coop4j.study.RunStore.describe;

import java.io.IOException;
import java.nio.file.Path;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.coop4j.base.Log;
import org.coop4j.base.Progress;
import org.coop4j.run.Images;
import org.coop4j.run.Run;
import org.coop4j.run.RunConfig;
import org.coop4j.run.RunResult;
import org.coop4j.study.SweepRun.RunState;
import org.slf4j.Logger;

/** Makes the runs of a sweep in this process, one at a time. */
record SweepWorker(Images shared, RunStore store) {

    private static final Logger log = Log.of(SweepWorker.class);

    SweepWorker(Images shared, Path folder) {
        this(shared, new RunStore(folder, run -> {
            shared.keepOnly(run.sources());
            return shared.withContents(run.config());
        }));
    }

    /** Makes a run, and records the reason if it has no result. */
    RunState make(SweepRun run, Progress progress) {
        try {
            return run.finished(result(run, progress));
        } catch (IOException | RuntimeException | OutOfMemoryError e) {
            log.info("{} failed", run.folder(), e);
            try {
                store.fail(run, describe(e));
            } catch (IOException unwritten) {
                progress.warn("cannot record why %s failed: %s".formatted(run.folder(), describe(unwritten)));
            }
            return run.failed(describe(e));
        }
    }

    private RunResult result(SweepRun run, Progress progress) throws IOException {
        Optional<RunResult> made = store.state(run).result();
        if (made.isPresent()) {
            return made.get(); // the plan has the same method under another name
        }
        RunConfig config = run.config();
        shared.keepOnly(run.sources());
        if (!run.isTestedElsewhere()) {
            shared.test(config, progress); // fails before the training, if it must
            return new Run(shared, run.label(), config, progress).run(store.prepare(run), true);
        }
        SweepRun source = run.source();
        RunState learned = store.state(source);
        if (learned.result().isEmpty()) {
            throw new IOException("it needs the run " + source.folder() + ", which has no result"
                    + learned.failure().map(why -> ": " + why).orElse(""));
        }
        return new Run(shared, run.label(), config, progress).test(store.prepare(run), Run.open(store.folder(source)));
    }

    /** Returns a run that another process made. */
    RunState read(SweepRun run) {
        try {
            return run.finished(Run.open(store.folder(run)).result().orElseThrow());
        } catch (IOException | NoSuchElementException e) {
            return run.failed(describe(e));
        }
    }
}
