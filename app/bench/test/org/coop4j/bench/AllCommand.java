package org.coop4j.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.coop4j.base.Machine;
import org.coop4j.cli.BenchCommand;
import org.coop4j.cli.ConsoleCommand;
import org.coop4j.cli.Coop;
import org.coop4j.cli.Options;
import org.coop4j.clip.ShippedModel;
import org.coop4j.console.CommandFailure;
import org.coop4j.console.Json;
import org.coop4j.console.WrongUsage;
import org.coop4j.data.ImageFiles;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code all}: all measurements, as the table of docs/measurements/speed.md. */
@Command(
        name = "all",
        description = {
            "Measure steps, images, files, loading, predictions and methods, and write the table (Markdown).",
            "",
            "Each row is measured in a separate process, for its memory, and in bfloat16 too if the processor has it."
                    + " Takes about ten minutes on two otherwise idle cores. Use serve to measure a running service."
        },
        footer = {"  all pictures/ > table.md", "  all pictures/ --json > bench.json", "  all --only step,encode"})
final class AllCommand extends ConsoleCommand {

    private static final List<String> KINDS = List.of("step", "encode", "files", "load", "predict", "methods");

    @Parameters(
            index = "0",
            arity = "0..1",
            paramLabel = "DIR",
            description = "JPEG files; without them, files and predict are omitted.")
    private Path pictures;

    @Option(
            names = "--only",
            split = ",",
            paramLabel = "WHAT",
            description = "Only some: step, encode, files, load, predict or methods.")
    private List<String> only = KINDS;

    @Option(
            names = {"-m", "--model"},
            paramLabel = "FILE",
            description = "A converted model in place of every other.")
    private Path model;

    @Mixin
    private BenchCommand.Repetitions repetitions;

    @Option(
            names = "--imagenet",
            description = "Also methods of image features for 1,000 classes and 50,000 test images, the longest part.")
    private boolean imagenet;

    @Mixin
    private Options.AsJson json;

    /**
     * The work of a row, or of the rows of all methods.
     *
     * @param program {@link Coop} or {@link Bench}
     */
    private record Work(String title, Class<?> program, List<String> arguments) {}

    @Override
    public Integer call() throws IOException {
        for (String kind : only) {
            if (!KINDS.contains(kind)) {
                throw new WrongUsage("--only: expected some of %s, got \"%s\"".formatted(KINDS, kind));
            }
        }
        List<Work> works = works();
        String machine;
        try (Workers workers = Workers.standard()) {
            machine = Machine.describe(workers.count()) + ", " + Machine.virtualMachine();
        }
        PrintStream table = json.json ? console.err() : console.out();
        table.println(machine + "\n\n| work | time | rate | memory |\n|---|---|---|---|");
        ArrayNode rows = Json.object().arrayNode();
        for (Work work : works) {
            for (JsonNode measured : measure(work)) {
                ObjectNode row = Json.object().put("work", title(work, measured));
                rows.add(row.setAll((ObjectNode) measured));
                table.println(markdown(row));
                table.flush();
            }
        }
        if (json.json) {
            ObjectNode all = Json.object().put("machine", machine);
            console.print(all.<ObjectNode>set("rows", rows));
        }
        return 0;
    }

    private List<Work> works() throws IOException {
        List<Work> works = new ArrayList<>();
        String photo = pictures == null ? null : firstPicture().toString();
        add(works, "load ViT-B/16 until the first feature", "load");
        for (Precision precision : Precision.values()) {
            if (precision.obstacle().isPresent()) {
                continue;
            }
            boolean full = precision == Precision.FLOAT32;
            String in = full ? "" : ", " + precision.id();
            String option = "--precision=" + precision.id();
            add(works, "step, 100 classes, M = 16, unified, end" + in, "step", option);
            if (full) {
                add(works, "step, 100 classes, M = 16, class-specific", "step", "--csc");
                add(works, "step, 100 classes, M = 16, middle", "step", "--position=middle");
                add(works, "step, 1,000 classes, M = 16, unified, end", "step", "--classes=1000");
            }
            for (String arch : List.of("ViT-B/16", "ViT-B/32")) {
                String images = "encode 32 images, " + arch + in;
                add(works, images, "encode", "--arch=" + arch, option);
            }
            if (pictures != null) {
                String files = "JPEG files to features, ViT-B/32" + in;
                add(works, files, "files", pictures.toString(), "--arch=ViT-B/32", option);
                String one = "coop predict of one picture, ";
                add(works, one + "ViT-B/32" + in, "predict", photo, "--arch=ViT-B/32", option);
                String small = ShippedModel.NAME;
                add(works, one + small + in, "predict", photo, "--model=" + small, option);
            }
        }
        add(works, "100 classes, 16 shots", "methods");
        if (imagenet) {
            String size = "1,000 classes, 16 shots, 50,000 tests";
            add(works, size, "methods", "--classes=1000", "--tests=50000");
        }
        return works;
    }

    private Path firstPicture() throws IOException {
        return ImageFiles.in(pictures).stream()
                .findFirst()
                .orElseThrow(() -> new CommandFailure(pictures + " has no images"));
    }

    private void add(List<Work> works, String title, String kind, String... options) {
        if (!only.contains(kind)) {
            return;
        }
        Stream<String> own = Stream.of(options);
        Stream<String> common = Stream.of("--json", "--quiet");
        if (!kind.equals("methods")) {
            common = Stream.concat(common, Stream.of("--runs=" + repetitions.runs));
            if (model != null) {
                own = own.filter(o -> !o.startsWith("--arch") && !o.startsWith("--model"));
                common = Stream.concat(common, Stream.of("--model=" + model));
            }
        }
        boolean ofCoop = List.of("step", "encode", "files").contains(kind);
        Stream<String> first = ofCoop ? Stream.of("bench", kind) : Stream.of(kind);
        List<String> all = Stream.of(first, own, common).flatMap(part -> part).toList();
        works.add(new Work(title, ofCoop ? Coop.class : Bench.class, all));
    }

    /** Returns one document, or one per method. */
    private static Iterable<JsonNode> measure(Work work) throws IOException {
        JsonNode said = Json.parse(Bench.output(work.program, work.arguments));
        return said.isArray() ? said : List.of(said);
    }

    private static String title(Work work, JsonNode measured) {
        return measured.has("method") ? measured.get("method").asText() + ", " + work.title : work.title;
    }

    private static String markdown(JsonNode row) {
        List<String> rates = new ArrayList<>();
        number(row, "gflops", 1, "%.0f GFLOP/s", rates);
        number(row, "share_of_product", 100, "%.0f %% of a large product", rates);
        number(row, "images_per_second", 1, "%.1f images/s", rates);
        number(row, "share_of_reading", 100, "%.0f %% of it reading", rates);
        List<String> times = new ArrayList<>();
        number(row, "median_s", 1, "%.3f s", times);
        number(row, "seconds_to_first_feature", 1, "%.2f s", times);
        number(row, "fit_s", 1, "%.2f s to learn", times);
        number(row, "test_s", 1, "%.2f s to classify", times);
        List<String> memory = new ArrayList<>();
        number(row, "peak_rss_of_steps_mb", 1, "%.0f MB", memory);
        if (memory.isEmpty()) {
            number(row, "peak_rss_mb", 1, "%.0f MB", memory);
            number(row, "peak_mb", 1, "%.0f MB", memory);
        }
        return "| %s | %s | %s | %s |"
                .formatted(
                        row.get("work").asText(),
                        String.join(", ", times),
                        String.join(", ", rates),
                        String.join(", ", memory));
    }

    private static void number(JsonNode row, String key, int factor, String format, List<String> target) {
        if (row.has(key)) {
            target.add(String.format(Locale.ROOT, format, factor * row.get(key).asDouble()));
        }
    }
}
