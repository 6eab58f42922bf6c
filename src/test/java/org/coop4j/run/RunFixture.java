package org.coop4j.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.coop4j.base.Progress;
import org.coop4j.base.ProgressRecorder;
import org.coop4j.base.Settings;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.FeatureSpace.FeatureTable;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.clip.TinyModel;
import org.coop4j.data.DataSpec;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.method.CoOp;
import org.coop4j.method.Method;
import org.coop4j.method.Training;
import org.coop4j.run.RunConfig.RunData;

/** Runs of a tiny model on a few pictures, and what the tests compare of them. */
final class RunFixture {

    static final int THREADS = 2;
    static final String[] CLASSES = {"red_rose", "blue sky", "lawn", "kite (bird)"};

    private static final ObjectMapper JSON = new ObjectMapper();

    private RunFixture() {}

    /**
     * A run of a tiny model.
     *
     * @param data a folder of class folders, or a split file
     */
    record Setup(Path data, Method method, Sample sample, Map<String, Object> training, int checkpoints) {

        Setup withSeed(long seed) {
            Sample other = sample.with(sample.shots(), seed).withViews(sample.views());
            return new Setup(data, method, other, training, checkpoints);
        }

        Setup with(String setting, Object value) {
            Map<String, Object> more = new LinkedHashMap<>(training);
            more.put(setting, value);
            return new Setup(data, method, sample, more, checkpoints);
        }

        Setup with(Method other) {
            return new Setup(data, other, sample, training, checkpoints);
        }

        Setup withCheckpointEvery(int epochs) {
            return new Setup(data, method, sample, training, epochs);
        }

        Training resolvedTraining() {
            Training reference = method.training(sample.shots());
            return reference.trains() ? Settings.with(reference, training) : reference;
        }

        Run run(Clip clip, Run.Options options, Progress progress) throws IOException {
            Images shared = new Images(clip, options);
            DataSpec source = DataSpec.of(data);
            RunData lists = shared.data(source, sample.seed(), ClassHalf.ALL);
            RunConfig config = RunConfig.of(clip.model().sha256(), lists, method, resolvedTraining(), sample)
                    .in(clip)
                    .withCheckpointEvery(checkpoints);
            return new Run(shared, method.id(), config, progress);
        }
    }

    static Setup config(Path data, int shots, int epochs, int views, double rate) {
        return new Setup(
                data,
                new CoOp().with(Map.of("context_length", 4)),
                Sample.of(shots, 1).withViews(views),
                Map.of("epochs", epochs, "batch", 6, "rate", rate),
                2);
    }

    /** Six epochs of six views. */
    static Setup shortRun(Path data) {
        return config(data, 0, 6, 6, 0.05);
    }

    static RunResult run(Path model, Setup config, Path place, Quiet listener) throws IOException {
        return run(model, config, place, false, listener);
    }

    static RunResult run(Path model, Setup config, Path place, boolean skipBad, Quiet listener) throws IOException {
        try (Clip clip = TinyModel.open(model, THREADS)) {
            return run(clip, config, place, skipBad, listener);
        }
    }

    static RunResult run(Clip clip, Setup config, Path place, boolean skipBad, Quiet listener) throws IOException {
        Path out = place.resolve("run");
        boolean resume = Files.exists(out.resolve(RunFolder.CONFIG));
        return config.run(clip, options(place, skipBad), listener).run(out, resume);
    }

    /** A space of no features. */
    static FeatureSpace space(Precision precision, int threads) {
        return new FeatureTable(1, precision, "", 0, Map.of(), new Workers(threads));
    }

    static Run.Options options(Path place, boolean skipBad) {
        return new Run.Options(place.resolve("bank"), skipBad, MemoryLimit.none());
    }

    /** What must not depend on interruptions: prompt, metrics, and the result but its times. */
    static List<String> outcome(Path place) throws IOException {
        Path out = place.resolve("run");
        byte[] prompt = Files.readAllBytes(out.resolve(RunFolder.CLASSIFIER));
        JsonNode result = JSON.readTree(out.resolve(RunFolder.RESULT).toFile());
        ((ObjectNode) result).remove(List.of("seconds", "sha256"));
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

    /** Keeps what it is told, and stops runs where a test wants. */
    static class Quiet extends ProgressRecorder {

        private static final Pattern RESUMED = Pattern.compile("resuming after epoch (\\d+) of .*");
        private static final Pattern EPOCH = Pattern.compile("epoch \\d+/(\\d+) .*");

        /** So many views of a task are encoded. */
        void encoded(long done) {}

        /** An epoch is over, and its checkpoint written. */
        void epoch(int epoch) {}

        /** Epochs that were done before; -1 if nothing was trained. */
        int trainedFrom() {
            if (tasks(Unit.STEPS).isEmpty()) {
                return -1;
            }
            return notes.stream()
                    .map(RESUMED::matcher)
                    .filter(Matcher::matches)
                    .mapToInt(matcher -> Integer.parseInt(matcher.group(1)))
                    .findFirst()
                    .orElse(0);
        }

        @Override
        protected void advanced(Recorded task) {
            if (task.unit == Unit.IMAGES) {
                encoded(task.done());
            } else if (task.unit == Unit.STEPS) {
                Matcher epochs = EPOCH.matcher(task.detail());
                if (!epochs.matches()) {
                    throw new AssertionError(task.detail());
                }
                int from = trainedFrom();
                long batches = task.total() / (Integer.parseInt(epochs.group(1)) - from);
                if (task.done() % batches == 0) {
                    epoch((int) (from + task.done() / batches - 1));
                }
            }
        }
    }
}
