package org.coop4j.sweep;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.run.Evaluator;
import org.coop4j.run.Provenance;
import org.coop4j.run.RunFolder;
import org.coop4j.run.RunImages;
import org.coop4j.run.RunResult;
import org.coop4j.run.SharedData;
import org.coop4j.run.TrainRun;
import org.coop4j.weights.Progress;

/** Makes the results of runs, each in its folder. */
final class RunTasks {

    private final SharedData shared;
    private final RunStore store;

    RunTasks(SharedData shared, RunStore store) {
        this.shared = shared;
        this.store = store;
    }

    /** Learns and tests. */
    RunResult learn(SweepRun run, Progress progress) throws IOException {
        return new TrainRun(shared, run.label(), run.config(), progress)
                .run(store.prepare(run), true);
    }

    /** Tests what another run learned. */
    RunResult transfer(SweepRun run, SweepRun source, Progress progress) throws IOException {
        RunState learned = store.state(source);
        if (learned.result().isEmpty()) {
            throw new IOException(
                    "the run that it is made from, "
                            + source.folder()
                            + ", has no result"
                            + learned.failure().map(why -> ": " + why).orElse(""));
        }
        store.prepare(run);
        Evaluator evaluator = shared.evaluator(run.config(), progress);
        long begin = System.nanoTime();
        ClassifierFile file =
                ClassifierFile.read(
                        store.classifier(source)
                                .orElseThrow(
                                        () ->
                                                new IOException(
                                                        source.folder() + " has no classifier")));
        RunImages images = RunImages.of(store.folder(source)).orElse(RunImages.NONE);
        RunResult result;
        try (Classifier classifier =
                file.open(shared.clip()).forClasses(evaluator.dataset().classNames())) {
            result =
                    evaluator.result(
                            run.label(),
                            run.config(),
                            learned.result().get().trainImages(),
                            evaluator.scores(classifier),
                            Map.of("test", (System.nanoTime() - begin) / 1e9));
        }
        try (RunFolder folder = RunFolder.open(store.folder(run))) {
            images.testedOn(evaluator).write(folder);
            folder.write(RunFolder.RESULT, result);
            folder.write(
                    RunFolder.PROVENANCE,
                    Provenance.of(shared.clip(), List.of(), evaluator.dataset().test()));
        }
        return result;
    }
}
