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
import org.coop4j.graph.host.Workers;
import org.coop4j.text.Tokenizer;
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
        ObjectNode result = Json.object().put("what", "load").put("model", file.toString());
        openAndEncode(file, result);
        Machine.peakMemory().ifPresent(bytes -> result.put("peak_rss_mb", bytes >> 20));
        console.print(result);
        return 0;
    }

    private void openAndEncode(Path file, ObjectNode result) throws IOException {
        long start = System.nanoTime();
        Clip.Options options = new Clip.Options(Tokenizer::load, Workers.standard(), subject.precision());
        try (Clip clip = Clip.open(file, options)) {
            int side = clip.architecture().vision().imageSize();
            clip.imageEncoder()
                    .encodeQuickly(1, (index, target, offset) -> target.put(offset, new float[3 * side * side]));
            result.put("precision", clip.precision().id());
            result.put("seconds_to_first_feature", (System.nanoTime() - start) / 1e9);
        }
    }
}
