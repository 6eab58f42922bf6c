package org.coop4j.run;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.coop4j.base.AtomicFile;
import org.coop4j.base.CheckedJson;
import org.coop4j.base.InputException;
import org.coop4j.base.OpenFile;

/**
 * The folder of a run, locked while the run writes to it.
 *
 * <p>Files appear whole or not at all, but for {@code metrics.jsonl}, which grows by whole lines.
 */
public final class RunFolder implements AutoCloseable {

    /** All resolved values of the run. */
    static final String CONFIG = "config.json";

    /** One line per epoch. */
    public static final String METRICS = "metrics.jsonl";

    /** The learned classifier. */
    public static final String CLASSIFIER = "classifier.safetensors";

    /** The images that the run learned from and was tested on, {@link RunImages}. */
    static final String IMAGES = "images.json";

    /** The run's {@link RunResult}. */
    static final String RESULT = "result.json";

    /** The run's {@link Provenance}, written last. */
    public static final String PROVENANCE = "provenance.json";

    /** The page about the run. */
    public static final String REPORT = "report.html";

    /** The error of a run of a sweep without a result. */
    public static final String FAILURE = "failure.json";

    /** The state of an unfinished training. */
    public static final String CHECKPOINT = "checkpoint.safetensors";

    private static final String LOCK = ".lock";

    private static final List<String> FILES =
            List.of(CONFIG, METRICS, CLASSIFIER, IMAGES, RESULT, PROVENANCE, REPORT, FAILURE, CHECKPOINT);

    /** Limit of a JSON file's size in bytes; ImageNet's results take about 0.1 MB. */
    private static final long LARGEST = 32L << 20;

    private final Path folder;
    private final FileChannel lockChannel;

    private RunFolder(Path folder, FileChannel lockChannel) {
        this.folder = folder;
        this.lockChannel = lockChannel;
    }

    /**
     * Opens a folder for writing, creating it if necessary.
     *
     * @throws IOException if it cannot be written, or another run has it
     */
    public static RunFolder open(Path folder) throws IOException {
        Optional<FileChannel> locked;
        try {
            Files.createDirectories(folder);
            locked = OpenFile.locked(folder.resolve(LOCK));
        } catch (IOException e) {
            throw new IOException(
                    "cannot write to the run folder %s (%s): choose a run folder that you may write to"
                            .formatted(folder, InputException.reason(e)),
                    e);
        }
        FileChannel channel = locked.orElseThrow(() ->
                new IOException("another run is writing to " + folder + ": wait for it, or choose another run folder"));
        RunFolder run = new RunFolder(folder, channel);
        try {
            run.deleteUnfinished();
        } catch (IOException e) {
            run.close();
            throw e;
        }
        return run;
    }

    /** Returns the learned classifier in a run's folder, if there is one. */
    public static Optional<Path> classifier(Path folder) {
        return Optional.of(folder.resolve(CLASSIFIER)).filter(Files::exists);
    }

    /**
     * Checks that a run may write to a folder, without touching it.
     *
     * @param resume true if the folder may hold a run to resume
     * @throws IOException if it holds a run and {@code resume} is false, or anything else
     */
    public static void requireFree(Path folder, boolean resume) throws IOException {
        if (holdsRun(folder)) {
            InputException.require(
                    resume,
                    "%s already holds a run: resume it, learn anew and keep it as %s, or choose another run folder",
                    folder,
                    kept(folder).getFileName());
        } else if (Files.exists(folder) && !isFree(folder)) {
            throw new IOException(folder + " is not empty and holds no run: choose another run folder");
        }
    }

    /**
     * Claims the folder for a run, or checks that it holds the same run.
     *
     * @param images the images of the run
     * @return the run as it began
     * @throws IOException if it holds another run, or one that cannot be read
     */
    RunConfig claim(RunConfig config, Images images) throws IOException {
        if (!has(CONFIG)) {
            write(CONFIG, config.toJson());
            return config;
        }
        RunConfig earlier = RunConfig.read(file(CONFIG));
        InputException.require(
                earlier.modelSha256().equals(config.modelSha256()),
                "the run in %s was started with another model (SHA-256 %.12s…, not %.12s…): resume it with that model,"
                        + " or choose another run folder",
                folder,
                earlier.modelSha256(),
                config.modelSha256());
        if (earlier.identity().equals(config.identity()) && !earlier.isSameRun(config)) {
            throw new InputException(
                    "images have changed since the run in %s began%s: restore them, learn anew and keep the old run as %s,"
                                    .formatted(
                                            folder,
                                            OpenRun.of(folder).replaced(images),
                                            kept(folder).getFileName())
                            + " or choose another run folder");
        }
        InputException.require(
                earlier.isSameRun(config),
                "the data or settings have changed since this run began: restore those in %s, learn anew and keep the"
                        + " old run as %s, or choose another run folder",
                file(CONFIG),
                kept(folder).getFileName());
        return earlier;
    }

    /**
     * Moves the run in a folder to the first free {@code FOLDER.N}, in one step, so that a new run can have the folder.
     *
     * @return its new place; empty if the folder holds no run
     * @throws IOException if another process is writing to it
     */
    public static Optional<Path> keepAside(Path folder) throws IOException {
        if (!holdsRun(folder)) {
            return Optional.empty();
        }
        open(folder).close();
        return Optional.of(Files.move(folder, kept(folder), StandardCopyOption.ATOMIC_MOVE));
    }

    private static Path kept(Path folder) {
        return AtomicFile.numbered(folder, ".");
    }

    /** Returns true if a folder holds a run, finished or not. */
    public static boolean holdsRun(Path folder) {
        return Files.exists(folder.resolve(CONFIG), LinkOption.NOFOLLOW_LINKS);
    }

    static boolean hasResult(Path folder) {
        return Files.exists(folder.resolve(RESULT), LinkOption.NOFOLLOW_LINKS);
    }

    /** Prepares for the run of a configuration: what belongs to it stays, such as its checkpoint. */
    public void restart(RunConfig config) throws IOException {
        for (String name : List.of(PROVENANCE, RESULT, FAILURE)) {
            Files.deleteIfExists(file(name));
        }
        write(CONFIG, config.toJson()); // the place of the data may have changed
    }

    /** Records why the run of a configuration has no result. */
    public void fail(RunConfig config, String message) throws IOException {
        write(CONFIG, config.toJson());
        write(FAILURE, Map.of("message", message, "when", Instant.now().toString()));
    }

    /** Returns true if it holds more than a lock, what a killed process left, and a failure. */
    public static boolean holdsFiles(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString())
                    .anyMatch(file -> !file.startsWith(".") && !file.equals(CONFIG) && !file.equals(FAILURE));
        } catch (NoSuchFileException e) {
            return false;
        }
    }

    /** Returns true if the run in a folder is finished: its provenance is written last. */
    public static boolean isFinished(Path folder) {
        return Files.exists(folder.resolve(PROVENANCE));
    }

    /** Returns the number of threads that an unfinished run in or below a folder began with, if there is one. */
    public static Optional<Integer> threadsBegunWith(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return Optional.empty();
        }
        try (Stream<Path> configs = Files.find(folder, 3, (file, attributes) -> file.endsWith(CONFIG))) {
            Optional<Path> unfinished =
                    configs.filter(file -> !isFinished(file.getParent())).findFirst();
            return unfinished.isPresent()
                    ? Optional.of(RunConfig.read(unfinished.get()).threads())
                    : Optional.empty();
        }
    }

    /** Returns true if a folder has only a lock and temporary files of a killed run. */
    private static boolean isFree(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.allMatch(file -> file.endsWith(LOCK) || isTemporary(file));
        }
    }

    /** Deletes the run's own files; the folder remains, and remains locked. */
    void deleteRunFiles() throws IOException {
        for (String name : FILES) {
            Files.deleteIfExists(file(name));
        }
    }

    /** Deletes temporary files that a killed run left behind. */
    private void deleteUnfinished() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.filter(RunFolder::isTemporary).toList()) {
                Files.delete(file);
            }
        }
    }

    /** Returns the folder. */
    public Path path() {
        return folder;
    }

    /** Returns a file of the folder. */
    public Path file(String name) {
        return folder.resolve(name);
    }

    /** Returns true if the file exists. */
    public boolean has(String name) {
        return Files.exists(file(name));
    }

    private static boolean isTemporary(Path path) {
        String name = path.getFileName().toString();
        return name.endsWith(".tmp") && FILES.stream().anyMatch(file -> name.startsWith("." + file + "."));
    }

    /** Writes a value as JSON with a checksum. */
    void write(String name, Object value) throws IOException {
        CheckedJson.write(file(name), value);
    }

    /**
     * Reads a file that {@link #write} wrote.
     *
     * @throws IOException if it is something else, naming the file
     */
    static <T> T read(Path file, Class<T> type) throws IOException {
        return CheckedJson.read(file, file.toString(), type, LARGEST);
    }

    /** Reads a file of a folder that {@link #write} wrote; messages name it without the folder. */
    static <T> T read(Path folder, String name, Class<T> type) throws IOException {
        return CheckedJson.read(folder.resolve(name), name, type, LARGEST);
    }

    @Override
    public void close() throws IOException {
        lockChannel.close();
    }
}
