package org.coop4j.bench;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.coop4j.base.CacheFolder;
import org.coop4j.cli.BenchCommand;
import org.coop4j.cli.ConsoleCommand;
import org.coop4j.cli.Coop;
import org.coop4j.cli.FirstRun;
import org.coop4j.cli.Options;
import org.coop4j.clip.Clip;
import org.coop4j.console.CommandFailure;
import org.coop4j.console.Json;
import org.coop4j.console.Table;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.method.Method;
import org.coop4j.run.Images;
import org.coop4j.run.Run;
import org.coop4j.text.Tokenizer;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Measurements for developers of coop4j, in addition to {@code coop bench}; see docs/measurements/speed.md. */
public final class Bench {

    private Bench() {}

    /** Runs a measurement, such as {@code methods}, with its options. */
    public static void main(String[] arguments) {
        Coop.main(
                List.of(
                        CalibrationCommand.class,
                        CopiesCommand.class,
                        FeaturesCommand.class,
                        LabelsCommand.class,
                        LoadCommand.class,
                        MethodsCommand.class,
                        PoolCommand.class,
                        PoolSpeedCommand.class,
                        PredictCommand.class,
                        ServeCommand.class),
                arguments);
    }

    /** A row of numbers per method, measured on the photographs of a folder. */
    abstract static class OnPhotographs extends ConsoleCommand {

        @Mixin
        private BenchCommand.Subject subject;

        @Option(names = "-d", required = true, paramLabel = "DIR", description = "A folder of labelled images.")
        Path data;

        @ArgGroup
        private Options.LineFormat format = new Options.LineFormat();

        @SuppressWarnings("ArrayRecordComponent") // never compared
        private record Row(String method, double[] values) {}

        /** Returns true if a method of one label per image is measured. */
        abstract boolean measures(Method method);

        /** Names of the numbers. */
        abstract List<String> columns();

        abstract double[] row(Method method, Images images) throws IOException;

        @Override
        public Integer call() throws IOException {
            List<Method> methods = Method.builtIn().stream()
                    .filter(method -> method.suits(false) && method.learns() && measures(method))
                    .toList();
            Table<Row> rows = new Table<Row>()
                    .text("method", Row::method)
                    .among(methods.stream().map(Method::id).toList());
            for (int i = 0; i < columns().size(); i++) {
                int column = i;
                rows.number(columns().get(i), 1, row -> row.values[column]);
            }
            Path bank = CacheFolder.of(System.getenv()).resolve("bank");
            try (Clip clip = Clip.open(subject.file(console));
                    Table<Row>.Printer printer = rows.printer(format.chosen(), console)) {
                Images images = new Images(clip, Run.Options.of(bank));
                for (Method method : methods) {
                    printer.print(new Row(method.id(), row(method, images)));
                }
            }
            return 0;
        }
    }

    /** {@code load}: time from opening a model to the first image's features. */
    @Command(
            name = "load",
            description = "Measure the time from opening a model to the first image's features.",
            footer = "  load -m coop4j-small")
    static final class LoadCommand extends ConsoleCommand {

        @Mixin
        private BenchCommand.Subject subject;

        @Override
        public Integer call() throws IOException {
            Path file = subject.file(console);
            ObjectNode result = Json.object().put("what", "load").put("model", file.toString());
            openAndEncode(file, result);
            Measurement.peakMemory().ifPresent(megabytes -> result.put("peak_rss_mb", megabytes));
            console.print(result);
            return 0;
        }

        private void openAndEncode(Path file, ObjectNode result) throws IOException {
            long start = System.nanoTime();
            Clip.Options options = new Clip.Options(Tokenizer::of, Workers.standard(), subject.precision());
            try (Clip clip = Clip.open(file, options)) {
                int side = clip.architecture().vision().imageSize();
                clip.imageEncoder()
                        .encodeQuickly(1, (index, target, offset) -> target.put(offset, new float[3 * side * side]));
                result.put("precision", clip.precision().id());
                result.put("seconds_to_first_feature", (System.nanoTime() - start) / 1e9);
            }
        }
    }

    /** {@code predict}: the whole of {@code coop predict} for one picture. */
    @Command(
            name = "predict",
            description = {
                "Measure the whole of coop predict for one picture, with a classifier of random features.",
                "",
                "Each time is that of a process, after one that warms the disk's cache."
            },
            footer = "  predict -m coop4j-small photo.jpg")
    static final class PredictCommand extends ConsoleCommand {

        @Parameters(paramLabel = "FILE", description = "The picture.")
        private Path picture;

        @Mixin
        private BenchCommand.Subject subject;

        @Mixin
        private BenchCommand.Repetitions repetitions;

        @Option(
                names = "--launcher",
                paramLabel = "FILE",
                description = "The launcher coop, started in place of Java with the options of this process.")
        private Path launcher;

        @Override
        public Integer call() throws IOException {
            Path file = subject.file(console);
            Path classifier = Files.createTempFile("coop-bench", ".safetensors");
            try {
                FirstRun.learnFromNoise(file, classifier);
                List<String> arguments = List.of(
                        "predict",
                        "--prompt=" + classifier,
                        "--model=" + file,
                        "--precision=" + subject.precision().map(Precision::id).orElse("auto"),
                        picture.toString());
                Measurement time = Measurement.of(1, repetitions.runs, 0, () -> predict(arguments));
                ObjectNode result = Json.object().put("what", "predict").put("model", file.toString());
                console.print(result.<ObjectNode>setAll((ObjectNode) Json.of(time.values())));
            } finally {
                Files.delete(classifier);
            }
            return 0;
        }

        private void predict(List<String> arguments) throws IOException {
            List<String> words = new ArrayList<>();
            if (launcher == null) {
                words.add(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString());
                words.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
                words.addAll(List.of("-cp", System.getProperty("java.class.path"), Coop.class.getName()));
            } else {
                words.add(launcher.toString());
            }
            words.addAll(arguments);
            Process process = new ProcessBuilder(words)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            try {
                int code = process.waitFor();
                CommandFailure.require(code == 0, "coop predict ended with exit code %d", code);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted while a command ran");
            } finally {
                process.destroy();
            }
        }
    }
}
