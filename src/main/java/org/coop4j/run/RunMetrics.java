package org.coop4j.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.coop4j.base.AtomicFile;

/**
 * {@code metrics.jsonl}: a line of JSON an epoch. The checkpoint keeps the lines too, so that a run
 * that goes on writes them anew: lines of epochs after the checkpoint go, and damage is mended.
 */
public final class RunMetrics {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path file;
    private final StringBuilder lines;

    private RunMetrics(Path file, String lines) {
        this.file = file;
        this.lines = new StringBuilder(lines);
    }

    /** Of a run that begins. */
    public static RunMetrics begin(RunFolder folder) throws IOException {
        Files.deleteIfExists(folder.file(RunFolder.METRICS));
        return new RunMetrics(folder.file(RunFolder.METRICS), "");
    }

    /**
     * Of a run that goes on.
     *
     * @param epochs number of finished epochs
     * @param kept the lines that the checkpoint keeps; null in one of an earlier version, which
     *     leaves those of the file that can be read
     */
    public static RunMetrics resume(RunFolder folder, int epochs, String kept) throws IOException {
        Path file = folder.file(RunFolder.METRICS);
        RunMetrics metrics = new RunMetrics(file, kept == null ? readable(file, epochs) : kept);
        AtomicFile.write(file, metrics.lines().getBytes(StandardCharsets.UTF_8));
        return metrics;
    }

    private static String readable(Path file, int epochs) throws IOException {
        StringBuilder readable = new StringBuilder();
        if (Files.exists(file)) {
            String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
            for (String line : text.lines().toList()) {
                try {
                    if (JSON.readTree(line).path("epoch").asInt(Integer.MAX_VALUE) <= epochs) {
                        readable.append(line).append('\n');
                    }
                } catch (JsonProcessingException e) {
                    break;
                }
            }
        }
        return readable.toString();
    }

    /** Adds a line. */
    public void append(Object value) throws IOException {
        String line = JSON.writeValueAsString(value) + "\n";
        lines.append(line);
        try {
            Files.writeString(file, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new IOException("cannot write " + file + ": " + e.getMessage(), e);
        }
    }

    /** All lines, for the checkpoint. */
    public String lines() {
        return lines.toString();
    }

    /** Number of lines. */
    public int count() {
        return (int) lines.chars().filter(c -> c == '\n').count();
    }
}
