package org.coop4j.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.coop4j.clip.Clip;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.clip.TinyModel;
import org.coop4j.data.ClassHalf;
import org.coop4j.data.bank.BankedImages;
import org.coop4j.method.ClassPosition;

/** Runs of a tiny model on a few pictures, and what the tests compare of them. */
final class RunFixture {

    static final int THREADS = 2;
    static final String[] CLASSES = {"red_rose", "blue sky", "lawn", "kite (bird)"};

    private static final ObjectMapper JSON = new ObjectMapper();

    private RunFixture() {}

    static TrainConfig config(Path data, int shots, int epochs, int views, double rate) {
        return new TrainConfig(
                DataSpec.of(data),
                ClassHalf.ALL,
                shots,
                1,
                4,
                ClassPosition.END,
                false,
                null,
                epochs,
                6,
                rate,
                1,
                1e-5,
                0.9,
                5e-4,
                views,
                2);
    }

    /** Six epochs of six views. */
    static TrainConfig shortRun(Path data) {
        return config(data, 0, 6, 6, 0.05);
    }

    static RunResult run(Path model, TrainConfig config, Path place, Quiet listener)
            throws IOException {
        return run(model, config, place, false, listener);
    }

    static RunResult run(
            Path model, TrainConfig config, Path place, boolean skipBad, Quiet listener)
            throws IOException {
        Path out = place.resolve("run");
        boolean resume = Files.exists(out.resolve(RunFolder.CONFIG));
        try (Clip clip = TinyModel.open(model, THREADS)) {
            return new TrainRun(clip, config, options(place, skipBad), listener).run(out, resume);
        }
    }

    static TrainRun.Options options(Path place, boolean skipBad) {
        return new TrainRun.Options(place.resolve("bank"), skipBad, MemoryLimit.none());
    }

    /** What must not depend on interruptions: prompt, metrics, and the result but its times. */
    static List<String> outcome(Path place) throws IOException {
        Path out = place.resolve("run");
        byte[] prompt = Files.readAllBytes(out.resolve(RunFolder.PROMPT));
        JsonNode result = JSON.readTree(out.resolve(RunFolder.RESULT).toFile());
        ((ObjectNode) result).remove("seconds");
        return List.of(
                java.util.HexFormat.of().formatHex(prompt),
                Files.readString(out.resolve(RunFolder.METRICS)),
                result.toString());
    }

    static List<JsonNode> metrics(Path place) throws IOException {
        List<JsonNode> lines = new ArrayList<>();
        for (String line : Files.readAllLines(place.resolve("run").resolve(RunFolder.METRICS))) {
            lines.add(JSON.readTree(line));
        }
        return lines;
    }

    /** A listener that keeps notes. */
    static class Quiet implements TrainRun.Listener, BankedImages.Listener {
        final List<String> notes = new ArrayList<>();
        final List<Path> unreadable = new ArrayList<>();
        int encodings;
        int trainedFrom = -1;

        @Override
        public void note(String message) {
            notes.add(message);
        }

        @Override
        public BankedImages.Listener encoding(String what) {
            encodings++;
            return this;
        }

        @Override
        public void progress(int done, int total) {}

        @Override
        public void unreadable(Path file, IOException problem) {
            unreadable.add(file);
        }

        @Override
        public void training(int epoch, TrainConfig config, int batches, long stepBytes) {
            trainedFrom = epoch;
        }
    }
}
