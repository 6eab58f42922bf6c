package org.coop4j.run;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The folder of a run, locked while the run writes to it.
 *
 * <p>Files appear whole or not at all, but for {@code metrics.jsonl}, which grows by whole lines.
 */
public final class RunFolder implements AutoCloseable {

    /** All resolved values of the run. */
    public static final String CONFIG = "config.json";

    /** One line an epoch. */
    public static final String METRICS = "metrics.jsonl";

    /** What was learned. */
    public static final String CLASSIFIER = "classifier.safetensors";

    /** Which images the run learned from and was tested on: {@link RunImages}. */
    public static final String IMAGES = "images.json";

    /** What the run measured. */
    public static final String RESULT = "result.json";

    /** What the run was made from and on. */
    public static final String PROVENANCE = "provenance.json";

    /** The page about the run. */
    public static final String REPORT = "report.html";

    /** Why a run of a sweep has no result. */
    public static final String FAILURE = "failure.json";

    /** The state of a training that is not finished. */
    public static final String CHECKPOINT = "checkpoint.safetensors";

    private static final String LOCK = ".lock";

    private static final String REPLACED = ".replaced-";

    private static final List<String> FILES =
            List.of(CONFIG, METRICS, CLASSIFIER, IMAGES, RESULT, PROVENANCE, REPORT, FAILURE, CHECKPOINT);

    /** Bytes of JSON that a run may have; ImageNet's results take about 0.1 MB. */
    private static final long LARGEST = 32L << 20;

    private final Path folder;
    private final FileChannel lockChannel;

    private RunFolder(Path folder, FileChannel lockChannel) {
        this.folder = folder;
        this.lockChannel = lockChannel;
    }

    /**
     * Opens a folder for writing, and makes it where there is none.
     *
     * @throws IOException if it cannot be written, or another run has it
     */
    public static RunFolder open(Path folder) throws IOException {
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw notWritable("make", folder, e);
        }
        FileChannel channel;
        try {
            channel = FileChannel.open(folder.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        } catch (IOException e) {
            throw notWritable("write to", folder, e);
        }
        if (lock(channel) == null) {
            channel.close();
            throw new IOException("another run is writing to " + folder + ": wait for it, or choose another --out");
        }
        RunFolder run = new RunFolder(folder, channel);
        try {
            run.deleteUnfinished();
        } catch (IOException e) {
            run.close();
            throw e;
        }
        return run;
    }

    private static IOException notWritable(String what, Path folder, IOException e) {
        return new IOException(
                "cannot %s the run folder %s (%s): give --out a folder that you may write to"
                        .formatted(what, folder, e.getClass().getSimpleName()),
                e);
    }

    /** The learned classifier in a run's folder, if there is one. */
    public static Optional<Path> classifier(Path folder) {
        return Optional.of(folder.resolve(CLASSIFIER)).filter(Files::exists);
    }

    /**
     * Checks that a run may write to a folder, without touching it.
     *
     * @param resume whether the folder may hold a run to go on with
     * @throws IOException if it holds a run and {@code resume} is false, or anything else
     */
    public static void requireFree(Path folder, boolean resume) throws IOException {
        if (Files.exists(folder.resolve(CONFIG))) {
            if (!resume) {
                throw new IOException(
                        folder + " already holds a run: add --resume to go on with it, or choose" + " another --out");
            }
        } else if (Files.exists(folder) && !isEmpty(folder)) {
            throw new IOException(folder + " is not empty and holds no run: choose another --out");
        }
    }

    /**
     * Takes the folder for a run, or recognises the run that it holds as this one.
     *
     * @throws IOException if it holds another run, or one that cannot be read
     */
    void claim(RunConfig config) throws IOException {
        if (!has(CONFIG)) {
            write(CONFIG, config.toJson());
            return;
        }
        RunConfig there = RunConfig.read(file(CONFIG));
        if (!there.modelSha256().equals(config.modelSha256())) {
            throw new IOException(String.format(
                    "the run in %s was started with another model (SHA-256 %.12s…, this one"
                            + " %.12s…): resume it with that model, or choose another"
                            + " --out",
                    folder, there.modelSha256(), config.modelSha256()));
        }
        if (!there.isSameRun(config)) {
            throw new IOException(folder
                    + ": the data or settings have changed since this run began (see its config.json):"
                    + " resume it with the same, or choose another --out");
        }
    }

    /** Whether the run in a folder is finished: its provenance is written last. */
    public static boolean isFinished(Path folder) {
        return Files.exists(folder.resolve(PROVENANCE));
    }

    /**
     * Moves a folder aside, so that its name is free: nothing of it is lost.
     *
     * @return where it is now, {@code NAME.replaced-N}
     */
    public static Path moveAside(Path folder) throws IOException {
        for (int n = 1; ; n++) {
            Path aside = folder.resolveSibling(folder.getFileName() + REPLACED + n);
            if (!Files.exists(aside)) {
                return Files.move(folder, aside);
            }
        }
    }

    /** Whether a folder was moved aside for another: its runs are not to be counted. */
    public static boolean isReplaced(Path folder) {
        return String.valueOf(folder.getFileName()).matches(".*\\Q" + REPLACED + "\\E\\d+");
    }

    /**
     * Makes room for a run: a folder that holds nothing but a run is emptied, any other is moved
     * aside.
     */
    public static void clear(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        boolean ours;
        try (Stream<Path> files = Files.list(folder)) {
            ours = files.map(f -> f.getFileName().toString()).allMatch(RunFolder::isOurs);
        }
        if (!ours) {
            moveAside(folder);
            return;
        }
        try (RunFolder run = open(folder)) {
            run.deleteRunFiles();
        }
    }

    private static boolean isOurs(String name) {
        return name.equals(LOCK) || FILES.contains(name) || isTemporary(name);
    }

    /** Deletes the run's own files; the folder stays, and stays taken. */
    void deleteRunFiles() throws IOException {
        for (String name : FILES) {
            Files.deleteIfExists(file(name));
        }
    }

    /** Deletes the run's own temporary files that a killed run left behind. */
    private void deleteUnfinished() throws IOException {
        for (String name : FILES) {
            try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "." + name + ".*.tmp")) {
                for (Path file : files) {
                    Files.delete(file);
                }
            }
        }
    }

    private static FileLock lock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) {
            return null;
        }
    }

    /** The folder itself. */
    public Path path() {
        return folder;
    }

    /** A file of the folder. */
    public Path file(String name) {
        return folder.resolve(name);
    }

    /** Whether the file is there. */
    public boolean has(String name) {
        return Files.exists(file(name));
    }

    /** Whether nothing is in the folder but a lock, and temporaries of a killed run. */
    private static boolean isEmpty(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString())
                    .allMatch(name -> name.equals(LOCK) || isTemporary(name));
        }
    }

    private static boolean isTemporary(String name) {
        return name.endsWith(".tmp") && FILES.stream().anyMatch(file -> name.startsWith("." + file + "."));
    }

    /** Writes a value as JSON with a checksum. */
    public void write(String name, Object value) throws IOException {
        CheckedJson.write(file(name), value);
    }

    /**
     * Reads what {@link #write} wrote.
     *
     * @throws IOException if it is something else, naming the file
     */
    public static <T> T read(Path file, Class<T> type) throws IOException {
        return CheckedJson.read(file, type, LARGEST);
    }

    @Override
    public void close() throws IOException {
        lockChannel.close();
    }
}
