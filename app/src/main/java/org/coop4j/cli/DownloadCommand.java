package org.coop4j.cli;

import static org.coop4j.console.WrongUsage.require;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.util.Optional;
import org.coop4j.cli.Options.Activation;
import org.coop4j.weights.download.ModelDownload;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code coop download}: fetches a published model and converts it. */
@Command(
        name = "download",
        description = {
            "Fetch a published CLIP model into the cache and convert it; other commands then take its name as --model.",
            "",
            "NAME is one of OpenAI's models (RN50, RN101, RN50x4, RN50x16, RN50x64, ViT-B/32, ViT-B/16, ViT-L/14,"
                    + " ViT-L/14@336px), one of Meta's Perception Encoders, which are under the Apache License 2.0"
                    + " (PE-Core-T16-384, PE-Core-S16-384, PE-Core-B16-224, PE-Core-L14-336),"
                    + " a repository of the Hugging Face Hub (hf:OWNER/NAME), or a checkpoint's URL.",
            "",
            "An interrupted download is resumed by the same command. SHA-256 is checked where it is known."
                    + " The variables https_proxy, http_proxy, all_proxy and no_proxy mean the same as to curl;"
                    + " HF_ENDPOINT and HF_TOKEN are respected."
                    + " No other command connects to another machine."
        },
        footer = {
            "  coop download ViT-B/32",
            "  coop download PE-Core-B16-224",
            "  coop download hf:laion/CLIP-ViT-B-32-laion2B-s34B-b79K",
            "  coop zero-shot -m ViT-B/32 -c cat,dog photo.jpg"
        })
final class DownloadCommand extends ConsoleCommand {

    @Parameters(paramLabel = "NAME", description = "The model.")
    String name;

    @Option(
            names = "--url",
            paramLabel = "ADDRESS",
            description = "A mirror of OpenAI's or Meta's file; its SHA-256 must be the same.")
    URI mirror;

    @Mixin
    Activation activation;

    @Option(names = "--again", description = "Fetch it even if it is in the cache.")
    boolean again;

    @Override
    public Integer call() throws IOException {
        require(
                ModelDownload.isName(name),
                "expected a published model such as ViT-B/32, hf:OWNER/NAME or a URL, got '%s'",
                name);
        ModelDownload download = ModelOptions.download(name);
        if (Files.exists(download.converted()) && !again) {
            console.note(name + " is in the cache already; fetch it anew with --again");
        } else {
            download.fetch(Optional.ofNullable(mirror), activation.given(), console);
        }
        console.print(download.converted().toString());
        return 0;
    }
}
