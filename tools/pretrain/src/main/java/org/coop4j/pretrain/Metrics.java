package org.coop4j.pretrain;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.coop4j.base.AtomicFile;

/**
 * A training's {@code metrics.jsonl}: a line of JSON per epoch. The checkpoint keeps the lines too, so that a run that
 * goes on writes them anew: lines of epochs after the checkpoint go, and damage is repaired.
 */
final class Metrics {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path file;
    private final StringBuilder lines;

    private Metrics(Path file, String lines) {
        this.file = file;
        this.lines = new StringBuilder(lines);
    }

    /** Opens the metrics of a training that begins. */
    static Metrics begin(Path file) throws IOException {
        Files.deleteIfExists(file);
        return new Metrics(file, "");
    }

    /**
     * Opens the metrics of a training that continues.
     *
     * @param kept the lines that the checkpoint keeps
     */
    static Metrics resume(Path file, String kept) throws IOException {
        AtomicFile.write(file, kept.getBytes(StandardCharsets.UTF_8));
        return new Metrics(file, kept);
    }

    /** Adds a line. */
    void append(Object value) throws IOException {
        String line = JSON.writeValueAsString(value) + "\n";
        lines.append(line);
        try {
            Files.writeString(file, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new IOException("cannot write " + file + ": " + e.getMessage(), e);
        }
    }

    /** Returns all lines, for the checkpoint. */
    String lines() {
        return lines.toString();
    }

    /** Returns the number of lines. */
    int count() {
        return (int) lines.chars().filter(c -> c == '\n').count();
    }
}
