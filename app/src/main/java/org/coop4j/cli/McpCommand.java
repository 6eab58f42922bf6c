package org.coop4j.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.coop4j.console.WrongUsage.require;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import org.coop4j.base.CacheFolder;
import org.coop4j.cli.Options.Arithmetic;
import org.coop4j.cli.ServeCommand.Named;
import org.coop4j.clip.Clip;
import org.coop4j.clip.EncodingQueue.EncodingLimits;
import org.coop4j.console.CommandFailure;
import org.coop4j.mcp.McpServer;
import org.coop4j.mcp.Tools;
import org.coop4j.run.Images;
import org.coop4j.run.Run;
import org.coop4j.serve.ServedModels;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code coop mcp}: classifiers and search as tools of an assistant. */
@Command(name = "mcp")
final class McpCommand extends ConsoleCommand {

    @Option(names = "--folder", paramLabel = "DIR", required = true)
    Path folder;

    @Mixin
    Named runs;

    @Mixin
    ModelOptions model;

    @Mixin
    Arithmetic precision;

    @Override
    public Integer call() throws IOException {
        require(!runs.runs.isEmpty() || model.model != null, "what should it answer with? Give -p RUN, or -m MODEL");
        CommandFailure.require(Files.isDirectory(folder), "--folder: %s is not a folder", folder);
        System.setOut(console.err()); // standard output is the protocol's alone
        try (ServedModels models =
                new ServedModels(model.vocabulary.source(), precision.ofAnswers(), EncodingLimits.standard(), null)) {
            Path file = model.file();
            runs.open(models, file, false);
            Clip clip = file == null ? models.all().get(0).classifier().clip() : models.clip(file);
            Images images = new Images(clip, Run.Options.of(CacheFolder.bank()));
            console.note("answering an assistant about the pictures below " + folder + " until the input ends");
            new McpServer(new Tools(folder.toRealPath(), models.all(), clip, images, console))
                    .serve(new BufferedReader(new InputStreamReader(System.in, UTF_8)), console::printLine);
        }
        return 0;
    }
}
