package org.coop4j.study;

import static java.util.Comparator.comparing;
import static org.coop4j.run.RunFolder.CONFIG;
import static org.coop4j.run.RunFolder.FAILURE;
import static org.coop4j.run.RunFolder.PROVENANCE;
import static org.coop4j.run.RunFolder.RESULT;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.coop4j.console.ProblemText;
import org.coop4j.run.RunConfig;
import org.coop4j.run.RunFolder;
import org.coop4j.run.RunResult;
import org.coop4j.study.SweepRun.RunState;
import org.coop4j.study.SweepRun.RunState.Status;

/**
 * The runs below a sweep's folder, found by their configurations whatever their folders are called.
 *
 * <p>A run is finished when its provenance, which is written last, is there and its configuration
 * is the one that is asked for. What cannot be read is damage, which is reported and left alone:
 * only a configuration that is read and differs belongs to another run, which is moved aside.
 */
final class RunStore {

    /**
     * Reason for a run without a result, as its {@code failure.json} holds it.
     *
     * @param message the reason
     * @param when in UTC
     */
    record Failure(String message, String when) {}

    private final Path sweep;
    private final Map<Path, String> there = new TreeMap<>(); // identities of the configurations
    private final Map<Path, String> damaged = new TreeMap<>();

    /** Finds the runs of a sweep's folder. */
    RunStore(Path sweep) {
        this.sweep = sweep;
        Path runs = sweep.resolve(SweepRun.RUNS);
        if (Files.exists(runs)) {
            for (Path folder : FoundRuns.folders(
                    runs, folder -> false, (place, problem) -> damaged.put(place, describe(problem)))) {
                Path config = folder.resolve(CONFIG);
                if (Files.exists(config, LinkOption.NOFOLLOW_LINKS)) {
                    try {
                        there.put(folder, RunConfig.read(config).identity());
                    } catch (IOException e) {
                        damaged.put(folder, describe(e));
                    }
                }
            }
        }
    }

    /**
     * Returns the folder of a run: where it is finished, or else its own place, or one under another name.
     */
    Path folder(SweepRun run) {
        Path own = sweep.resolve(run.folder());
        String identity = run.config().identity();
        return there.keySet().stream()
                .filter(folder -> there.get(folder).equals(identity))
                .min(comparing((Path folder) -> !RunFolder.isFinished(folder))
                        .thenComparing(folder -> !folder.equals(own))
                        .thenComparing(folder -> !folder.startsWith(own.getParent())))
                .orElse(own);
    }

    private boolean isOf(Path folder, SweepRun run) {
        return run.config().identity().equals(there.get(folder));
    }

    /** Returns the state of a run; nothing is changed. */
    RunState state(SweepRun run) {
        Path folder = folder(run);
        Optional<String> damage = damage(folder);
        if (damage.isPresent()) {
            return run.failed(damage.get());
        }
        if (!isOf(folder, run)) {
            return run.is(Status.NEW);
        }
        Path result = folder.resolve(RESULT);
        Path failure = folder.resolve(FAILURE);
        try {
            if (RunFolder.isFinished(folder) && Files.exists(result)) { // without a result it is measured again
                return run.finished(RunFolder.read(result, RunResult.class));
            }
        } catch (IOException e) {
            damaged.put(folder, describe(e));
            return run.failed(damage(folder).orElseThrow());
        }
        try {
            return Files.exists(failure)
                    ? run.failed(RunFolder.read(failure, Failure.class).message())
                    : run.is(Status.BEGUN);
        } catch (IOException e) {
            return run.failed("unknown");
        }
    }

    /** Returns the damage for which a folder, or the one around it, is left as it is. */
    private Optional<String> damage(Path folder) {
        return damaged.entrySet().stream()
                .filter(entry -> folder.startsWith(entry.getKey()))
                .map(entry -> "%s: nothing in %s was touched; repair it, or move it away to make the run again"
                        .formatted(entry.getValue(), entry.getKey()))
                .findFirst();
    }

    /** Returns the messages on what is damaged and not the place of any of these runs. */
    List<String> strays(List<SweepRun> runs) {
        return damaged.keySet().stream()
                .filter(place -> runs.stream()
                        .noneMatch(run -> sweep.resolve(run.folder()).startsWith(place)))
                .map(place -> damage(place).orElseThrow())
                .toList();
    }

    /**
     * Prepares the folder of a run that is not finished: what belongs to it stays, such as its
     * checkpoint; what belongs to another run is moved aside.
     *
     * @throws IOException if what is there cannot be read
     */
    Path prepare(SweepRun run) throws IOException {
        try (RunFolder open = RunFolder.open(place(run))) {
            for (String name : List.of(PROVENANCE, RESULT, FAILURE)) {
                Files.deleteIfExists(open.file(name));
            }
            writeConfig(open, run);
            return open.path();
        }
    }

    /** Returns the folder of a run, with nothing of another run in it. */
    private Path place(SweepRun run) throws IOException {
        Path folder = folder(run);
        Optional<String> damage = damage(folder);
        if (damage.isPresent()) {
            throw new IOException(damage.get());
        }
        if (!isOf(folder, run) && holdsFiles(folder)) {
            Path aside = RunFolder.moveAside(folder);
            Optional.ofNullable(there.remove(folder)).ifPresent(other -> there.put(aside, other));
        }
        return folder;
    }

    /** Writes the configuration again, as the place of the data may have changed. */
    private void writeConfig(RunFolder folder, SweepRun run) throws IOException {
        folder.write(CONFIG, run.config().toJson());
        there.put(folder.path(), run.config().identity());
    }

    /** Returns true if a folder holds more than a lock and what a killed process left. */
    private static boolean holdsFiles(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.anyMatch(file -> !file.getFileName().toString().startsWith("."));
        } catch (NoSuchFileException e) {
            return false;
        }
    }

    /** Records why a run has no result, unless what is there cannot be read. */
    void fail(SweepRun run, String message) throws IOException {
        if (damage(folder(run)).isPresent()) {
            return;
        }
        try (RunFolder open = RunFolder.open(place(run))) {
            writeConfig(open, run);
            open.write(FAILURE, new Failure(message, Instant.now().toString()));
        }
    }

    /** Describes a problem in a sentence; settings that do not fit the data are refused as arguments. */
    static String describe(Throwable problem) {
        return problem instanceof IllegalArgumentException ? problem.getMessage() : ProblemText.of(problem);
    }
}
