package org.coop4j.cli;

import static org.coop4j.base.Numbers.number;
import static org.coop4j.console.Table.Format.TABLE;
import static org.coop4j.console.Table.Kind.NUMBERS;
import static org.coop4j.console.Table.Kind.WORDS;
import static org.coop4j.console.WrongUsage.require;
import static org.coop4j.graph.host.Precision.FLOAT32;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.coop4j.base.CacheFolder;
import org.coop4j.base.Progress;
import org.coop4j.bench.HeatMapBench;
import org.coop4j.bench.ImageBench;
import org.coop4j.bench.Measurement;
import org.coop4j.bench.StepBench;
import org.coop4j.bench.StudioBench;
import org.coop4j.cli.Converters.Architecture;
import org.coop4j.cli.Converters.Positive;
import org.coop4j.cli.Options.Arithmetic;
import org.coop4j.cli.Options.AsJson;
import org.coop4j.cli.Options.Memory;
import org.coop4j.clip.Clip;
import org.coop4j.console.AlignedLines;
import org.coop4j.console.CommandFailure;
import org.coop4j.console.Console;
import org.coop4j.console.Json;
import org.coop4j.console.Table;
import org.coop4j.console.WrongUsage;
import org.coop4j.data.ImageFiles;
import org.coop4j.data.LabelledImage;
import org.coop4j.graph.OpTime;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.method.Method;
import org.coop4j.method.PromptLayout.ClassPosition;
import org.coop4j.model.ClipConfig;
import org.coop4j.model.MlpActivation;
import org.coop4j.model.convert.RandomWeights;
import org.coop4j.text.Tokenizer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code coop bench}: measures speed and memory. */
@Command(name = "bench")
public final class BenchCommand extends ConsoleCommand {

    /** End of the description of an option that has a default. */
    public static final String DEFAULT = " (default: ${DEFAULT-VALUE}).";

    /** Maximum number of files, as in the comparison with PyTorch. */
    private static final int MAX_FILES = 320;

    private final Map<String, Object> result = new LinkedHashMap<>();
    private Table<OpTime> ops;

    @Parameters(index = "0", paramLabel = "WHAT")
    String what;

    @Parameters(index = "1", arity = "0..1", paramLabel = "DIR")
    Path pictures;

    @Mixin
    Subject subject;

    @Option(names = "--method", paramLabel = "NAME")
    String method;

    @Option(names = "--set", paramLabel = "NAME=VALUE")
    Map<String, String> set = new LinkedHashMap<>();

    @Option(names = "--classes", paramLabel = "N", converter = Positive.class)
    int classes = 100;

    @Option(names = "--context", paramLabel = "M", converter = Positive.class)
    int context = 16;

    @Option(names = "--position", defaultValue = "end", paramLabel = "WHERE")
    ClassPosition position;

    @Option(names = "--csc")
    boolean classSpecific;

    @Option(names = "--name-tokens", paramLabel = "N", converter = Positive.class)
    int nameTokens = 3;

    @Option(names = "--batch", paramLabel = "N", converter = Positive.class)
    int batch = 32;

    @Mixin
    Repetitions repetitions;

    @Mixin
    Memory memory;

    @Option(names = "--profile")
    boolean profile;

    @Option(names = "--pictures", paramLabel = "N", converter = Positive.class)
    int madePictures = 1000;

    @Mixin
    AsJson json;

    /** The number of measurements. */
    public static final class Repetitions {
        @Option(names = "--runs", paramLabel = "N", converter = Positive.class, description = "Repetitions" + DEFAULT)
        public int runs = 7;
    }

    /** The model to measure: one with random weights, or a given one. */
    public static final class Subject {
        @Option(
                names = "--arch",
                paramLabel = "NAME",
                converter = Architecture.class,
                description = "A published architecture" + DEFAULT)
        String architecture = "ViT-B/16";

        @Option(
                names = {"-m", "--model"},
                paramLabel = "FILE",
                description = "A converted model, instead of random weights.")
        Path model;

        @Mixin
        Arithmetic precision;

        /** Returns the precision, float32 unless another is given; empty for the fastest. */
        public Optional<Precision> precision() {
            return precision.or(FLOAT32);
        }

        /** Returns the model's file; random weights are made once and kept in the cache. */
        public Path file(Console console) throws IOException {
            if (model != null) {
                return ModelOptions.file(model);
            }
            Path folder = CacheFolder.of(System.getenv()).resolve("bench");
            Path file = folder.resolve(architecture.replaceAll("[^A-Za-z0-9]+", "-") + ".safetensors");
            if (!Files.exists(file)) {
                console.note("writing random weights to " + file);
                Files.createDirectories(folder);
                ClipConfig config = ClipConfig.named(architecture);
                RandomWeights.write(config, 1, file, MlpActivation.published(config), Progress.NONE);
            }
            return file;
        }
    }

    @Override
    public Integer call() throws IOException {
        require(
                Set.of("step", "encode", "files", "studio", "why").contains(what),
                "\"%s\" cannot be measured: expected step, encode, files, studio or why",
                what);
        if (what.equals("step")) {
            WrongUsage.unless(() -> StepBench.of(method(), classes, nameTokens, batch)); // before weights are written
        }
        boolean ofFiles = what.equals("files");
        require(!ofFiles || pictures != null, "bench files needs a folder of JPEG files");
        List<LabelledImage> images = ofFiles ? jpegs() : List.of();
        result.put("what", what);
        boolean random = subject.model == null;
        result.put(random ? "arch" : "model", random ? subject.architecture : subject.model.toString());
        try (Clip clip = Clip.open(
                subject.file(console), new Clip.Options(Tokenizer::of, Workers.standard(), subject.precision()))) {
            result.put("precision", clip.precision().id());
            switch (what) {
                case "step" -> step(clip);
                case "encode" -> {
                    Measurement time = ImageBench.pixels(clip, batch, repetitions.runs);
                    images(batch, time);
                    result.put("gflops", time.gflops());
                    product(clip);
                    profile(clip.imageEncoder().profile(batch));
                }
                case "why" -> why(clip);
                case "studio" -> result.putAll(StudioBench.run(clip, madePictures, classes));
                default -> {
                    Measurement all = ImageBench.files(clip, images, console);
                    images(images.size(), all);
                    double reading = ImageBench.reading(clip, images).median();
                    result.put("reading_s", reading);
                    result.put("share_of_reading", reading / all.median());
                }
            }
        }
        Measurement.peakMemory().ifPresent(megabytes -> result.put("peak_rss_mb", megabytes));
        print();
        return 0;
    }

    private List<LabelledImage> jpegs() throws IOException {
        List<LabelledImage> images = ImageFiles.in(pictures).stream()
                .filter(path -> path.toString().toLowerCase(Locale.ROOT).endsWith(".jpg"))
                .limit(MAX_FILES)
                .map(path -> new LabelledImage(path, 0, "image"))
                .toList();
        CommandFailure.require(!images.isEmpty(), "%s has no .jpg files", pictures);
        return images;
    }

    private void step(Clip clip) throws IOException {
        StepBench bench = WrongUsage.unless(() -> StepBench.of(method().in(clip), classes, nameTokens, batch));
        StepBench.Outcome outcome = bench.run(clip, memory.limit, Math.min(3, repetitions.runs), repetitions.runs);
        result.putAll(outcome.values());
        Measurement.peakMemory().ifPresent(megabytes -> result.put("peak_rss_of_steps_mb", megabytes));
        product(clip);
        profile(outcome.profile());
    }

    /** Measures a heat map beside a forward pass, or with pictures how well maps of three methods explain answers. */
    private void why(Clip clip) throws IOException {
        if (pictures == null) {
            Measurement forward = ImageBench.pixels(clip, 1, repetitions.runs);
            Measurement map = HeatMapBench.map(clip, repetitions.runs);
            result.putAll(map.values());
            result.put("forward_s", forward.median());
            result.put("forward_passes", map.median() / forward.median());
            return;
        }
        for (String id : List.of("linear-probe", "gda", "tip-adapter")) {
            HeatMapBench.Faithfulness found = HeatMapBench.Faithfulness.of(clip, Method.of(id), pictures, 1);
            result.put(id + ", right answers", found.images());
            result.put(id + ", marked falls", found.marked());
            result.put(id + ", square falls", found.square());
            result.put(id + ", better", found.better());
        }
    }

    private Method method() {
        Method given = method == null
                ? Method.of("coop")
                        .with(Map.of(
                                "context_length",
                                context,
                                "position",
                                position.name().toLowerCase(Locale.ROOT),
                                "class_specific",
                                classSpecific))
                : Method.of(method);
        return given.with(set);
    }

    private void profile(List<OpTime> times) {
        if (profile) {
            ops = new Table<OpTime>()
                    .text("op", OpTime::op)
                    .count("count", OpTime::count)
                    .count("nd4j_calls", OpTime::calls)
                    .number("ms", 1, op -> op.nanos() / 1e6)
                    .number("gflops", 0, op -> op.flops() / (double) Math.max(1, op.nanos()))
                    .count("output_mb", op -> op.bytes() >> 20)
                    .rows(times);
        }
    }

    private void images(int count, Measurement time) {
        result.putAll(time.values());
        result.put("images", count);
        result.put("images_per_second", count / time.median());
    }

    private void product(Clip clip) {
        double gflops = Measurement.product(clip.workers(), clip.precision()).gflops();
        result.put("product_gflops", gflops);
        if (result.get("gflops") instanceof Double ofStep) {
            result.put("share_of_product", ofStep / gflops);
        }
    }

    private void print() {
        if (json.json) {
            if (ops != null) {
                result.put("profile", ops.json());
            }
            console.print(Json.of(result));
            return;
        }
        AlignedLines table = new AlignedLines(WORDS, NUMBERS);
        result.forEach((name, value) ->
                table.row(name, value instanceof Double number ? number(number, 3) : value.toString()));
        table.print(console);
        if (ops != null) {
            ops.print(TABLE, console);
        }
    }
}
