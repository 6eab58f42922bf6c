package org.coop4j.study;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.coop4j.clip.Clip;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.clip.TinyModel;
import org.coop4j.data.bank.TestPictures;
import org.coop4j.run.Images;
import org.coop4j.run.Run;
import org.coop4j.run.RunFolder;
import org.coop4j.run.RunResult;
import org.coop4j.study.Sweep.SweepListener;

/** Sweeps of a tiny model over a few pictures of four classes. */
final class SweepFixture {

    static final String[] CLASSES = {"blue sky", "kite (bird)", "lawn", "red_rose"};

    static final SweepListener SILENT = new SweepListener() {};

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path folder;
    private final Path model;

    SweepFixture(Path folder) throws IOException {
        this.folder = folder;
        this.model = TinyModel.write(folder.resolve("tiny.safetensors"), 1);
    }

    /** A folder with train/, val/ and test/, each with {@code each} pictures per class. */
    Path pictures(String name, int each, String... classes) throws IOException {
        Path data = TestPictures.folder(folder.resolve(name), each, classes);
        for (int label = 0; label < classes.length; label++) {
            for (int i = 0; i < each; i++) {
                Path place = data.resolve("val").resolve(classes[label]);
                TestPictures.write(place.resolve("picture-" + i + ".png"), label, 200 + i);
            }
        }
        return data;
    }

    Clip open() throws IOException {
        return TinyModel.open(model, 2);
    }

    SweepPlan plan(String yaml) throws IOException {
        Path file = folder.resolve("plan.yaml");
        Files.writeString(file, yaml);
        return SweepPlan.read(file, Optional.empty());
    }

    Images shared(Clip clip, Path out) {
        return new Images(clip, new Run.Options(out.resolve("bank"), false, MemoryLimit.none()));
    }

    List<SweepRun.RunState> run(Path out, String yaml, SweepListener listener) throws IOException {
        try (Clip clip = open()) {
            return Sweep.of(shared(clip, out), plan(yaml)).run(out, listener);
        }
    }

    static List<SweepRun.RunState> failures(List<SweepRun.RunState> all) {
        return all.stream().filter(run -> run.failure().isPresent()).toList();
    }

    /** Records everything. */
    static class Recorder implements SweepListener {
        final List<String> notes = new ArrayList<>();
        final List<SweepRun> started = new ArrayList<>();
        final List<SweepRun> finished = new ArrayList<>();
        final Map<SweepRun, String> failed = new TreeMap<>((a, b) -> a.folder().compareTo(b.folder()));
        int found;
        double done;
        double total;

        @Override
        public void note(String message) {
            notes.add(message);
        }

        @Override
        public void begins(List<SweepRun.RunState> runs) {
            found = (int) runs.stream().filter(run -> run.result().isPresent()).count();
        }

        @Override
        public void started(SweepRun run) {
            started.add(run);
        }

        @Override
        public void progress(double newDone, double newTotal, String what) {
            done = newDone;
            total = newTotal;
        }

        @Override
        public void finished(SweepRun run, RunResult result) {
            finished.add(run);
        }

        @Override
        public void failed(SweepRun run, String message) {
            failed.put(run, message);
        }
    }

    /** All files of all runs that must not depend on interruptions, without times. */
    static Map<String, String> outcome(Path out) throws IOException {
        Map<String, String> files = new TreeMap<>();
        try (Stream<Path> all = Files.walk(out.resolve("runs"))) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                String name = file.getFileName().toString();
                String key = out.relativize(file).toString();
                switch (name) {
                    case "config.json", RunFolder.METRICS -> files.put(key, Files.readString(file));
                    case "result.json" -> {
                        JsonNode result = JSON.readTree(file.toFile());
                        ((ObjectNode) result).remove(List.of("seconds", "sha256"));
                        files.put(key, result.toString());
                    }
                    case RunFolder.CLASSIFIER -> files.put(key, HexFormat.of().formatHex(Files.readAllBytes(file)));
                    default -> files.put(key, "");
                }
            }
        }
        return files;
    }

    /** The only run of a method, by its title, shots and seed. */
    static SweepRun.RunState ended(List<SweepRun.RunState> outcome, String title, int shots, long seed) {
        List<SweepRun.RunState> found = outcome.stream()
                .filter(ended -> ended.run().title().equals(title))
                .filter(ended -> ended.run().shots() == shots)
                .filter(ended -> ended.run().seed() == seed)
                .toList();
        if (found.size() != 1) {
            throw new AssertionError(found.size() + " runs of " + title);
        }
        return found.get(0);
    }

    static RunResult result(List<SweepRun.RunState> outcome, String title, int shots, long seed) {
        return ended(outcome, title, shots, seed).result().orElseThrow();
    }
}
