package org.coop4j.study;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.FileVisitor;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.coop4j.method.train.Trainer.NonFiniteLossException;
import org.coop4j.run.RunConfig;
import org.coop4j.run.RunFolder;
import org.coop4j.run.RunResult;
import org.coop4j.study.SweepRun.RunState;

/**
 * The runs below a sweep's folder, found by their configurations whatever their folders are called.
 *
 * <p>A run is finished when its provenance, which is written last, is there and its configuration
 * is the one that is asked for. What cannot be read is damage, which is reported and left alone:
 * only a configuration that is read and differs belongs to another run, which is moved aside.
 */
final class RunStore {

    /**
     * Why a run has no result: what its {@code failure.json} holds.
     *
     * @param message what went wrong
     * @param when in UTC
     */
    record Failure(String message, String when) {}

    /** Below the folder of all runs: dataset, method, run, and its files. */
    private static final int DEPTH = 4;

    private final Path sweep;
    private final Map<Path, RunConfig> there = new TreeMap<>();
    private final Map<Path, String> damaged = new TreeMap<>();

    /**
     * @param sweep the sweep's folder
     * @throws IOException if it cannot be read
     */
    RunStore(Path sweep) throws IOException {
        this.sweep = sweep;
        Path runs = sweep.resolve(SweepRun.RUNS);
        if (Files.exists(runs)) {
            Files.walkFileTree(runs, EnumSet.of(FileVisitOption.FOLLOW_LINKS), DEPTH, finder());
        }
    }

    private FileVisitor<Path> finder() {
        return new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                if (file.endsWith(RunFolder.CONFIG)) {
                    try {
                        there.put(file.getParent(), RunConfig.read(file));
                    } catch (IOException e) {
                        damaged.put(file.getParent(), describe(e));
                    }
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException problem) {
                damaged.put(file, describe(problem));
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path folder, IOException problem) {
                return problem == null ? FileVisitResult.CONTINUE : visitFileFailed(folder, problem);
            }
        };
    }

    /**
     * Where a run is, or will be: where it is finished, or else in its own place, or under another
     * name.
     */
    Path folder(SweepRun run) {
        Path own = sweep.resolve(run.folder());
        return there.keySet().stream()
                .filter(folder -> isOf(folder, run))
                .min(Comparator.comparing((Path folder) -> !RunFolder.isFinished(folder))
                        .thenComparing(folder -> !folder.equals(own))
                        .thenComparing(folder -> !folder.startsWith(own.getParent())))
                .orElse(own);
    }

    private boolean isOf(Path folder, SweepRun run) {
        RunConfig config = there.get(folder);
        return config != null && config.isSameRun(run.config());
    }

    /** What is there of a run; nothing is changed. */
    RunState state(SweepRun run) {
        Path folder = folder(run);
        Optional<String> damage = damage(folder);
        if (damage.isPresent()) {
            return RunState.failed(damage.get());
        }
        if (!isOf(folder, run)) {
            return RunState.of(RunState.Status.NEW);
        }
        if (RunFolder.isFinished(folder)) {
            return finished(folder);
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

    private RunState finished(Path folder) {
        Path result = folder.resolve(RunFolder.RESULT);
        if (Files.notExists(result)) {
            return RunState.of(RunState.Status.BEGUN); // measured again
        }
        try {
            RunResult read = RunFolder.read(result, RunResult.class);
            return new RunState(RunState.Status.FINISHED, Optional.of(read), Optional.empty());
        } catch (IOException e) {
            damaged.put(folder, describe(e));
            return RunState.failed(damage(folder).orElseThrow());
        }
    }

    /** Why nothing can be said of a folder, or of what it lies in. */
    private Optional<String> damage(Path folder) {
        return damaged.entrySet().stream()
                .filter(entry -> folder.startsWith(entry.getKey()))
                .map(entry -> entry.getValue()
                        + ": nothing in "
                        + entry.getKey()
                        + " was touched; mend it, or move it away to make the run"
                        + " again")
                .findFirst();
    }

    /** Says what is damaged and is the place of none of these runs. */
    List<String> strays(List<SweepRun> runs) {
        return damaged.keySet().stream()
                .filter(place -> runs.stream()
                        .map(run -> sweep.resolve(run.folder()))
                        .noneMatch(folder -> folder.startsWith(place)))
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
            Files.deleteIfExists(open.file(RunFolder.PROVENANCE));
            Files.deleteIfExists(open.file(RunFolder.RESULT));
            Files.deleteIfExists(open.file(RunFolder.FAILURE));
            writeConfig(open, run);
            return open.path();
        }
    }

    /** Where a run is, or will be, with nothing of another run in it. */
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

    /** Where the data lie may have changed, which makes no other run. */
    private void writeConfig(RunFolder folder, SweepRun run) throws IOException {
        folder.write(RunFolder.CONFIG, run.config().toJson());
        there.put(folder.path(), run.config());
    }

    /** Whether more is in a folder than a lock or what a killed process left. */
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
            open.write(RunFolder.FAILURE, new Failure(message, Instant.now().toString()));
        }
    }

    /** What went wrong, in a sentence. */
    static String describe(Throwable problem) {
        if (problem instanceof UncheckedIOException unchecked) {
            return describe(unchecked.getCause());
        }
        String message = problem.getMessage();
        if (problem instanceof OutOfMemoryError) {
            return "out of memory (" + message + "): give Java more, or limit a step's memory";
        }
        if (message == null) {
            return problem.toString();
        }
        boolean ofUse = (problem instanceof IOException && !(problem instanceof FileSystemException))
                || problem instanceof IllegalArgumentException
                || problem instanceof NonFiniteLossException;
        return ofUse ? message : problem.getClass().getSimpleName() + ": " + message;
    }
}
