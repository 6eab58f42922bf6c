package org.coop4j.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.coop4j.weights.AtomicFile;

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

    /** The learned prompt. */
    public static final String PROMPT = "prompt.safetensors";

    /** What the run measured. */
    public static final String RESULT = "result.json";

    /** What the run was made from and on. */
    public static final String PROVENANCE = "provenance.json";

    /** Why a run of a sweep has no result. */
    public static final String FAILURE = "failure.json";

    /** A fitted linear probe. */
    public static final String PROBE = "probe.safetensors";

    public static final String CHECKPOINT = "checkpoint.safetensors";

    private static final String LOCK = ".lock";

    private static final List<String> FILES =
            List.of(CONFIG, METRICS, PROMPT, RESULT, PROVENANCE, FAILURE, PROBE, CHECKPOINT);

    private static final ObjectMapper JSON =
            JsonMapper.builder()
                    .enable(SerializationFeature.INDENT_OUTPUT)
                    .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                    .build();

    private static final ObjectMapper LINES = new ObjectMapper();

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
            throw new IOException(
                    "cannot make the run folder "
                            + folder
                            + " ("
                            + e.getClass().getSimpleName()
                            + "): give --out a folder that you may write to",
                    e);
        }
        FileChannel channel;
        try {
            channel =
                    FileChannel.open(
                            folder.resolve(LOCK),
                            StandardOpenOption.CREATE,
                            StandardOpenOption.WRITE);
        } catch (IOException e) {
            throw new IOException(
                    "cannot write to the run folder "
                            + folder
                            + " ("
                            + e.getClass().getSimpleName()
                            + "): give --out a folder that you may write to",
                    e);
        }
        if (lock(channel) == null) {
            channel.close();
            throw new IOException(
                    "another run is writing to "
                            + folder
                            + ": wait for it, or choose another --out");
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

    /**
     * Deletes the files of an earlier run.
     *
     * @throws IOException if the folder has anything else, or another run writes to it
     */
    public static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (RunFolder run = open(folder)) {
            run.forget();
            if (!run.isEmpty()) {
                throw new IOException(
                        folder + " holds more than a run: move it away, or choose another --out");
            }
        }
    }

    /** Deletes the run's files; the folder stays, and stays taken. */
    void forget() throws IOException {
        for (String name : FILES) {
            Files.deleteIfExists(file(name));
        }
    }

    /** Deletes the temporary files of a run that was killed while it wrote. */
    private void deleteUnfinished() throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, ".*.tmp")) {
            for (Path file : files) {
                Files.delete(file);
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

    /** Whether anything but the lock is in the folder. */
    public boolean isEmpty() throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
            for (Path file : files) {
                if (!file.getFileName().toString().equals(LOCK)) {
                    return false;
                }
            }
        }
        return true;
    }

    /** Writes a value as JSON. */
    public void write(String name, Object value) throws IOException {
        try (AtomicFile file = AtomicFile.create(file(name))) {
            file.write(ByteBuffer.wrap(JSON.writeValueAsBytes(value)), 0);
            file.commit();
        }
    }

    /**
     * Reads what {@link #write} wrote.
     *
     * @throws IOException if it is something else, naming the file
     */
    public static <T> T read(Path file, Class<T> type) throws IOException {
        try {
            return JSON.readValue(file.toFile(), type);
        } catch (JsonProcessingException e) {
            throw new IOException(file + " is damaged: " + e.getOriginalMessage(), e);
        }
    }

    /** Adds a line to {@code metrics.jsonl}. */
    public void appendMetrics(Object value) throws IOException {
        try {
            Files.writeString(
                    file(METRICS),
                    LINES.writeValueAsString(value) + "\n",
                    StandardOpenOption.CREATE,
                    StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new IOException("cannot write " + file(METRICS) + ": " + e.getMessage(), e);
        }
    }

    /**
     * Drops the lines of epochs after {@code epochs} that a killed run left behind, and a last line
     * that is not whole.
     */
    public void keepMetrics(int epochs) throws IOException {
        if (!has(METRICS)) {
            return;
        }
        List<String> kept = new ArrayList<>();
        for (String line : Files.readAllLines(file(METRICS))) {
            try {
                JsonNode node = LINES.readTree(line);
                if (node.path("epoch").asInt(Integer.MAX_VALUE) <= epochs) {
                    kept.add(line + "\n");
                }
            } catch (JsonProcessingException e) {
                break;
            }
        }
        try (AtomicFile file = AtomicFile.create(file(METRICS))) {
            file.write(ByteBuffer.wrap(String.join("", kept).getBytes(StandardCharsets.UTF_8)), 0);
            file.commit();
        }
    }

    @Override
    public void close() throws IOException {
        lockChannel.close();
    }
}
