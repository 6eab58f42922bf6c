package org.coop4j.bench;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.coop4j.cli.BenchCommand;
import org.coop4j.cli.ConsoleCommand;
import org.coop4j.cli.Coop;
import org.coop4j.cli.FirstRun;
import org.coop4j.cli.Options;
import org.coop4j.console.Json;
import org.coop4j.graph.host.Precision;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code predict}: the whole of {@code coop predict} for one picture. */
@Command(
        name = "predict",
        description = {
            "Measure the whole of coop predict for one picture, with a classifier of random features.",
            "",
            "Each time is that of a process, after one that warms the disk's cache."
        },
        footer = "  predict -m coop4j-small photo.jpg")
final class PredictCommand extends ConsoleCommand {

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

    @Mixin
    Options.AsJson always; // it is always JSON

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
            result.put("median_s", time.median()).put("least_s", time.least()).put("most_s", time.most());
            console.print(result.put("runs", repetitions.runs));
        } finally {
            Files.delete(classifier);
        }
        return 0;
    }

    private void predict(List<String> arguments) throws IOException {
        if (launcher == null) {
            ChildProcess.output(Coop.class, arguments);
        } else {
            ChildProcess.output(List.of(launcher.toString()), arguments);
        }
    }
}
