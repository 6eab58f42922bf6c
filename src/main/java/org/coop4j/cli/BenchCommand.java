package org.coop4j.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.coop4j.bench.Measurement;
import org.coop4j.bench.StepBench;
import org.coop4j.cli.console.CommandFailure;
import org.coop4j.cli.console.Console;
import org.coop4j.cli.console.EncodingProgress;
import org.coop4j.cli.console.Json;
import org.coop4j.cli.console.Table;
import org.coop4j.cli.console.WrongUsage;
import org.coop4j.cli.options.CacheFolder;
import org.coop4j.cli.options.Converters;
import org.coop4j.cli.options.JsonOption;
import org.coop4j.cli.options.MemoryOption;
import org.coop4j.cli.options.ModelFile;
import org.coop4j.clip.Clip;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.bank.BankKey;
import org.coop4j.data.bank.BankedImages;
import org.coop4j.data.bank.FeatureBank;
import org.coop4j.data.bank.ImageTransform;
import org.coop4j.graph.ExecutionPlan;
import org.coop4j.method.ClassPosition;
import org.coop4j.run.Machine;
import org.coop4j.weights.WeightsException;
import org.coop4j.weights.convert.RandomWeights;
import org.coop4j.weights.model.ClipConfig;
import org.coop4j.weights.model.MlpActivation;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code coop bench}: measures speed and memory. */
@Command(
        name = "bench",
        description = {
            "Measure speed and memory on this machine, with random weights of a published size.",
            "",
            "step     a gradient step of the context vectors, image features given",
            "encode   images to features, pixels given",
            "files    JPEG files to features in the bank (give a folder)",
            "load     opening a model until the first image's features",
            ""
        },
        footer = {
            "",
            "Examples:",
            "  coop bench step --arch ViT-B/16 --classes 100 --context 16 --batch 32",
            "  coop bench step --classes 1000 --memory 2G --json",
            "  coop bench encode --arch ViT-B/16 --batch 32",
            "  coop bench files --arch ViT-B/32 pictures/"
        })
final class BenchCommand implements Callable<Integer> {

    /** As many files as the comparison with PyTorch takes. */
    private static final int FILES = 320;

    private static final Set<String> KINDS = Set.of("step", "encode", "files", "load");

    private final Console console;

    @Parameters(index = "0", paramLabel = "WHAT", description = "step, encode, files or load.")
    private String what;

    @Parameters(
            index = "1",
            arity = "0..1",
            paramLabel = "DIR",
            description = "For files: the folder.")
    private Path folder;

    @Option(
            names = "--arch",
            defaultValue = "ViT-B/16",
            paramLabel = "NAME",
            description = "A published architecture (default: ${DEFAULT-VALUE}).")
    private String architecture;

    @Option(
            names = {"-m", "--model"},
            paramLabel = "FILE",
            description = "A converted model, instead of random weights.")
    private Path model;

    @Option(
            names = "--classes",
            defaultValue = "100",
            paramLabel = "N",
            converter = Converters.Positive.class,
            description = "Classes (default: ${DEFAULT-VALUE}).")
    private int classes;

    @Option(
            names = "--context",
            defaultValue = "16",
            paramLabel = "M",
            converter = Converters.Positive.class,
            description = "Context vectors (default: ${DEFAULT-VALUE}).")
    private int context;

    @Option(
            names = "--position",
            converter = Converters.PositionName.class,
            defaultValue = "end",
            paramLabel = "WHERE",
            description = "end, middle or front (default: ${DEFAULT-VALUE}).")
    private ClassPosition position;

    @Option(names = "--csc", description = "Class-specific context.")
    private boolean classSpecific;

    @Option(
            names = "--name-tokens",
            defaultValue = "3",
            paramLabel = "N",
            converter = Converters.Positive.class,
            description = "Tokens of a class name (default: ${DEFAULT-VALUE}).")
    private int nameTokens;

    @Option(
            names = "--batch",
            defaultValue = "32",
            paramLabel = "N",
            converter = Converters.Positive.class,
            description = "Images (default: ${DEFAULT-VALUE}).")
    private int batch;

    @Option(
            names = "--runs",
            defaultValue = "7",
            paramLabel = "N",
            converter = Converters.Positive.class,
            description = "Repetitions (default: ${DEFAULT-VALUE}).")
    private int runs;

    @Mixin private MemoryOption memory;

    @Option(names = "--profile", description = "Show where the time of a step goes.")
    private boolean profile;

    @Mixin private JsonOption json;

    BenchCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException {
        check();
        List<LabelledImage> images = what.equals("files") ? jpegs(folder) : List.of();
        Path file = model == null ? randomModel() : ModelFile.of(model);
        ObjectNode result = Json.object().put("what", what);
        if (model == null) {
            result.put("arch", architecture);
        } else {
            result.put("model", model.toString());
        }
        switch (what) {
            case "step" -> step(file, result);
            case "encode" -> encode(file, result);
            case "files" -> files(file, images, result);
            default -> load(file, result);
        }
        Machine.peakMemory().ifPresent(bytes -> result.put("peak_rss_mb", bytes >> 20));
        if (json.isGiven()) {
            Json.print(result, console.out());
        } else {
            print(result);
        }
        return 0;
    }

    /** Before hundreds of megabytes of weights are written. */
    private void check() {
        if (!KINDS.contains(what)) {
            throw new WrongUsage(
                    "\"" + what + "\" cannot be measured: choose step, encode, files or load");
        }
        if (what.equals("files") && folder == null) {
            throw new WrongUsage("bench files needs a folder of JPEG files");
        }
        try {
            ClipConfig.named(architecture);
        } catch (WeightsException e) {
            throw new WrongUsage(e.getMessage());
        }
    }

    /** A model with random weights, made once and kept in the cache. */
    private Path randomModel() throws IOException {
        String name = architecture.replaceAll("[^A-Za-z0-9]+", "-");
        Path file = CacheFolder.of(System.getenv()).resolve("bench").resolve(name + ".safetensors");
        if (!Files.exists(file)) {
            console.note("writing random weights to " + file);
            Files.createDirectories(file.getParent());
            RandomWeights.write(ClipConfig.named(architecture), 1, file, MlpActivation.QUICK_GELU);
        }
        return file;
    }

    private void step(Path file, ObjectNode result) throws IOException {
        StepBench bench =
                new StepBench(classes, context, nameTokens, position, classSpecific, batch);
        try (Clip clip = Clip.open(file)) {
            StepBench.Outcome outcome = bench.run(clip, memory.limit(), runs);
            times(result, outcome.time());
            result.put("gflops", outcome.time().gflops());
            result.put("step_mb", outcome.bytes() >> 20);
            result.put("parts", outcome.parts());
            if (outcome.early() > 0) {
                result.put("rss_after_30_steps_mb", outcome.early() >> 20);
            }
            result.put("rss_mb", outcome.late() >> 20);
            Machine.peakMemory()
                    .ifPresent(bytes -> result.put("peak_rss_of_steps_mb", bytes >> 20));
            product(clip, result);
            if (profile) {
                result.set("profile", profile(outcome.profile()));
            }
        }
    }

    private static ArrayNode profile(List<ExecutionPlan.OpTime> ops) {
        ArrayNode array = Json.object().putArray("profile");
        for (ExecutionPlan.OpTime op : ops) {
            array.addObject()
                    .put("op", op.op())
                    .put("count", op.count())
                    .put("ms", op.nanos() / 1e6)
                    .put("gflops", op.flops() / (double) Math.max(1, op.nanos()))
                    .put("output_mb", op.bytes() >> 20);
        }
        return array;
    }

    private void product(Clip clip, ObjectNode result) {
        Measurement product = Measurement.product(clip.workers());
        result.put("product_gflops", product.gflops());
        if (result.has("gflops")) {
            result.put("share_of_product", result.get("gflops").asDouble() / product.gflops());
        }
    }

    private void encode(Path file, ObjectNode result) throws IOException {
        try (Clip clip = Clip.open(file)) {
            int side = clip.architecture().vision().imageSize();
            FloatBuffer pixels = FloatBuffer.allocate(batch * 3 * side * side);
            SplittableRandom random = new SplittableRandom(1);
            while (pixels.hasRemaining()) {
                pixels.put((float) random.nextGaussian());
            }
            Measurement time =
                    timed(1, runs, () -> clip.encodePixels(pixels.duplicate().rewind(), batch));
            times(result, time);
            result.put("images_per_second", batch / time.median());
            product(clip, result);
        }
    }

    private static Measurement timed(int warmup, int runs, Runnable work) {
        List<Double> seconds = new ArrayList<>();
        for (int i = 0; i < warmup + runs; i++) {
            long start = System.nanoTime();
            work.run();
            if (i >= warmup) {
                seconds.add((System.nanoTime() - start) / 1e9);
            }
        }
        return new Measurement(seconds, 0);
    }

    private static List<LabelledImage> jpegs(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            throw new CommandFailure(folder + " is not a folder");
        }
        List<LabelledImage> images = new ArrayList<>();
        try (Stream<Path> walk = Files.walk(folder)) {
            walk.filter(path -> path.toString().toLowerCase(Locale.ROOT).endsWith(".jpg"))
                    .sorted(Comparator.naturalOrder())
                    .limit(FILES)
                    .forEach(path -> images.add(new LabelledImage(path, 0, "image")));
        }
        if (images.isEmpty()) {
            throw new CommandFailure(folder + " has no .jpg files");
        }
        return images;
    }

    private void files(Path file, List<LabelledImage> images, ObjectNode result)
            throws IOException {
        try (Clip clip = Clip.open(file)) {
            clip.imageEncoder();
            List<Double> seconds = new ArrayList<>();
            for (int run = 0; run < 2; run++) {
                seconds.add(fill(clip, images));
            }
            Measurement time = new Measurement(seconds.subList(1, 2), 0);
            times(result, time);
            result.put("images", images.size());
            result.put("images_per_second", images.size() / time.median());
        }
    }

    /** Seconds to fill a new bank. */
    private double fill(Clip clip, List<LabelledImage> images) throws IOException {
        Path bankFolder = Files.createTempDirectory("coop-bench");
        ImageTransform transform = new ImageTransform.Test(clip.preprocessing());
        long start = System.nanoTime();
        EncodingProgress progress = new EncodingProgress(console, "files");
        try (FeatureBank bank = FeatureBank.open(bankFolder, BankKey.of(clip, transform))) {
            BankedImages.build(bank, clip, transform, images, true, progress);
        } finally {
            progress.close();
            delete(bankFolder);
        }
        return (System.nanoTime() - start) / 1e9;
    }

    private static void delete(Path tree) throws IOException {
        try (Stream<Path> walk = Files.walk(tree)) {
            walk.sorted(Comparator.reverseOrder())
                    .forEach(
                            path -> {
                                try {
                                    Files.delete(path);
                                } catch (IOException e) {
                                    throw new UncheckedIOException(e);
                                }
                            });
        }
    }

    private void load(Path file, ObjectNode result) throws IOException {
        long start = System.nanoTime();
        try (Clip clip = Clip.open(file)) {
            int side = clip.architecture().vision().imageSize();
            clip.encodePixels(FloatBuffer.allocate(3 * side * side), 1);
            result.put("seconds_to_first_feature", (System.nanoTime() - start) / 1e9);
        }
    }

    private static void times(ObjectNode result, Measurement time) {
        result.put("median_s", time.median());
        result.put("least_s", time.least());
        result.put("most_s", time.most());
        result.put("runs", time.seconds().size());
    }

    private void print(ObjectNode result) {
        Table table = new Table(Table.Align.LEFT, Table.Align.RIGHT);
        for (var field : result.properties()) {
            if (!field.getValue().isArray()) {
                table.row(
                        field.getKey(),
                        field.getValue().isDouble()
                                ? String.format(Locale.ROOT, "%.3f", field.getValue().asDouble())
                                : field.getValue().asText());
            }
        }
        table.print(console.out());
        if (result.has("profile")) {
            printProfile(result.withArray("profile"));
        }
    }

    private void printProfile(ArrayNode ops) {
        Table table =
                new Table(
                        Table.Align.LEFT,
                        Table.Align.RIGHT,
                        Table.Align.RIGHT,
                        Table.Align.RIGHT,
                        Table.Align.RIGHT);
        table.row("OP", "COUNT", "MS", "GFLOP/S", "OUTPUT MB");
        ops.forEach(
                op ->
                        table.row(
                                op.get("op").asText(),
                                op.get("count").asText(),
                                String.format(Locale.ROOT, "%.1f", op.get("ms").asDouble()),
                                String.format(Locale.ROOT, "%.0f", op.get("gflops").asDouble()),
                                op.get("output_mb").asText()));
        table.print(console.out());
    }
}
