package org.coop4j.cli;

import static org.coop4j.console.WrongUsage.require;
import static org.coop4j.console.WrongUsage.unless;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.util.Optional;
import org.coop4j.base.Spelling;
import org.coop4j.model.MlpActivation;
import org.coop4j.model.PublishedModels;
import org.coop4j.model.download.ModelDownload;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code coop download}: fetches a published model and converts it. */
@Command(name = "download")
final class DownloadCommand extends ConsoleCommand {

    @Parameters(paramLabel = "NAME")
    String name;

    @Option(names = "--url", paramLabel = "ADDRESS")
    URI mirror;

    @Option(names = "--activation", paramLabel = "NAME")
    MlpActivation activation;

    @Option(names = "--accept", paramLabel = "LICENCE")
    String accepted;

    @Option(names = "--again")
    boolean again;

    @Override
    public Integer call() throws IOException {
        require(
                unless(() -> ModelDownload.isName(name)),
                "expected a published model such as ViT-B/32, hf:OWNER/NAME or a URL, got '%s'%s",
                name,
                Spelling.hint(name, PublishedModels.downloads()));
        ModelDownload download = ModelOptions.download(name);
        if (Files.exists(download.converted()) && !again) {
            console.note(name + " is in the cache already; fetch it anew with --again");
        } else {
            download.fetch(
                    Optional.ofNullable(mirror),
                    Optional.ofNullable(activation),
                    Optional.ofNullable(accepted),
                    console);
        }
        console.print(download.converted().toString());
        return 0;
    }
}
