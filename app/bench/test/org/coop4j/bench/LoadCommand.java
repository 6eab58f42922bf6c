package org.coop4j.bench;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import org.coop4j.base.Machine;
import org.coop4j.cli.BenchCommand;
import org.coop4j.cli.ConsoleCommand;
import org.coop4j.cli.Options;
import org.coop4j.clip.Clip;
import org.coop4j.console.Json;
import org.coop4j.graph.host.Precision;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code load}: time from opening a model to the first image's features. */
@Command(
        name = "load",
        description = "Measure the time from opening a model to the first image's features.",
        footer = "  load -m coop4j-small")
final class LoadCommand extends ConsoleCommand {

    @Mixin
    private BenchCommand.Subject subject;

    @Option(names = "--runs", hidden = true, description = "Ignored: a second run would find the model in memory.")
    int runs;

    @Mixin
    Options.AsJson always; // it is always JSON

    @Override
    public Integer call() throws IOException {
        Path file = subject.file(console);
        Precision in = subject.precision();
        ObjectNode result =
                Json.object().put("what", "load").put("precision", in.id()).put("model", file.toString());
        result.put("seconds_to_first_feature", firstFeature(file, in));
        Machine.peakMemory().ifPresent(bytes -> result.put("peak_rss_mb", bytes >> 20));
        console.print(result);
        return 0;
    }

    /** Returns the seconds from opening a model to the features of an image. */
    private static double firstFeature(Path model, Precision precision) throws IOException {
        long start = System.nanoTime();
        try (Clip clip = Clip.open(model, Clip.Options.in(precision))) {
            int side = clip.architecture().vision().imageSize();
            clip.imageEncoder()
                    .encodeQuickly(1, (index, target, offset) -> target.put(offset, new float[3 * side * side]));
            return (System.nanoTime() - start) / 1e9;
        }
    }
}
