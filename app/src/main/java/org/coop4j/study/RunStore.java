package org.coop4j.study;

import static java.util.Comparator.comparing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.coop4j.base.AtomicFile;
import org.coop4j.base.IoFunction;
import org.coop4j.console.ProblemText;
import org.coop4j.run.OpenRun;
import org.coop4j.run.Run;
import org.coop4j.run.RunConfig;
import org.coop4j.run.RunFolder;
import org.coop4j.study.SweepRun.RunState;
import org.coop4j.study.SweepRun.RunState.Status;

/**
 * The runs below a sweep's folder, found by their configurations whatever their folders are called.
 *
 * <p>A run is finished when its provenance, which is written last, is there and its configuration
 * is the one that is asked for, with images of the same contents. What cannot be read is damage, which is reported and left alone:
 * only a configuration that is read and differs belongs to another run, which is moved aside.
 */
final class RunStore {

    private final Path sweep;
    private final IoFunction<SweepRun, RunConfig> contents;
    private final Map<SweepRun, RunConfig> current = new HashMap<>(); // with contents
    private final Map<String, Map<Path, RunConfig>> there = new HashMap<>(); // by identity and folder
    private final Map<Path, String> damaged = new TreeMap<>();

    /**
     * Finds the runs of a sweep's folder.
     *
     * @param contents returns a run's configuration with the contents of its images
     */
    RunStore(Path sweep, IoFunction<SweepRun, RunConfig> contents) {
        this.sweep = sweep;
        this.contents = contents;
        Path runs = sweep.resolve(SweepRun.RUNS);
        if (Files.exists(runs)) {
            for (Path folder : FoundRuns.folders(
                    runs, folder -> false, (place, problem) -> damaged.put(place, describe(problem)))) {
                if (RunFolder.holdsRun(folder)) {
                    try {
                        add(folder, Run.open(folder).config());
                    } catch (IOException e) {
                        damaged.put(folder, describe(e));
                    }
                }
            }
        }
    }

    private void add(Path folder, RunConfig config) {
        there.computeIfAbsent(config.identity(), identity -> new TreeMap<>()).put(folder, config);
    }

    /** Returns the folder of a run: where it is finished, or else its own place, or one under another name. */
    Path folder(SweepRun run) {
        Path own = sweep.resolve(run.folder());
        return same(run).keySet().stream()
                .filter(folder -> isOf(folder, run))
                .min(comparing((Path folder) -> !RunFolder.isFinished(folder))
                        .thenComparing(folder -> !folder.equals(own)))
                .orElse(own);
    }

    /** Returns the folders of a run, perhaps with other images. */
    private Map<Path, RunConfig> same(SweepRun run) {
        return there.getOrDefault(run.config().identity(), Map.of());
    }

    private boolean isOf(Path folder, SweepRun run) {
        return same(run).containsKey(folder) && same(run).get(folder).isSameRun(current(run));
    }

    private RunConfig current(SweepRun run) {
        return current.computeIfAbsent(run, unknown -> {
            try {
                return contents.apply(run);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
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
        try {
            OpenRun open = Run.open(folder);
            if (open.isFinished() && open.result().isPresent()) { // without a result it is measured again
                return run.finished(open.result().get());
            }
            return open.failure().map(run::failed).orElseGet(() -> run.is(Status.BEGUN));
        } catch (IOException e) {
            damaged.put(folder, describe(e));
            return run.failed(damage(folder).orElseThrow());
        }
    }

    /** Returns the damage of a folder, or of the one around it; such folders stay unchanged. */
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
            open.restart(current(run));
            add(open.path(), current(run));
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
        if (!isOf(folder, run) && RunFolder.holdsFiles(folder)) {
            Path aside = AtomicFile.moveAside(folder);
            for (Map<Path, RunConfig> same : there.values()) {
                Optional.ofNullable(same.remove(folder)).ifPresent(other -> same.put(aside, other));
            }
        }
        return folder;
    }

    /**
     * Records why a run has no result, unless what is there cannot be read, or is its result with other images: these may
     * come back.
     */
    void fail(SweepRun run, String message) throws IOException {
        Path folder = folder(run);
        boolean otherImages = same(run).containsKey(folder) && !isOf(folder, run);
        if ((otherImages && RunFolder.isFinished(folder)) || damage(folder).isPresent()) {
            return;
        }
        try (RunFolder open = RunFolder.open(place(run))) {
            open.fail(current(run), message);
            add(open.path(), current(run));
        }
    }

    /** Describes a problem in a sentence; settings that do not fit the data are refused as arguments. */
    static String describe(Throwable problem) {
        return problem instanceof IllegalArgumentException ? problem.getMessage() : ProblemText.of(problem);
    }
}
