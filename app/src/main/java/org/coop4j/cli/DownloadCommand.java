package org.coop4j.cli;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.coop4j.cli.options.ModelOptions;
import org.coop4j.cli.options.Options;
import org.coop4j.console.Console;
import org.coop4j.console.WrongUsage;
import org.coop4j.weights.download.ModelDownload;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code coop download}: fetches a published model and converts it. */
@Command(
        name = "download",
        description = {
            "Fetch a published CLIP model, convert it, and keep it in the cache.",
            "",
            "NAME is one of OpenAI's models (RN50, RN101, RN50x4, RN50x16, RN50x64, ViT-B/32,"
                    + " ViT-B/16, ViT-L/14, ViT-L/14@336px), a repository of the Hugging Face Hub"
                    + " (hf:OWNER/NAME), or the address of a checkpoint. Other commands take the"
                    + " same name with --model afterwards. After an interruption the same command"
                    + " goes on where it was.",
            "",
            "SHA-256 is checked where it is known. HTTPS_PROXY, NO_PROXY, HF_ENDPOINT and HF_TOKEN"
                    + " count. No other command opens a connection to another machine.",
            ""
        },
        footer = {
            "",
            "Examples:",
            "  coop download ViT-B/32",
            "  coop download hf:laion/CLIP-ViT-B-32-laion2B-s34B-b79K",
            "  coop zero-shot -m ViT-B/32 -c cat,dog photo.jpg"
        })
final class DownloadCommand implements Callable<Integer> {

    private final Console console;

    @Parameters(paramLabel = "NAME", description = "The model.")
    private String name;

    @Option(
            names = "--url",
            paramLabel = "ADDRESS",
            description = "Fetch OpenAI's file from here, a mirror; its SHA-256 must be the same.")
    private URI mirror;

    @Mixin
    private Options.Activation activation;

    @Option(names = "--again", description = "Fetch it even if it is there already.")
    private boolean again;

    DownloadCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException {
        if (!ModelDownload.isName(name)) {
            throw new WrongUsage(
                    "expected the name of a model of OpenAI's, hf:OWNER/NAME or an address, got '%s'".formatted(name));
        }
        ModelDownload download = ModelOptions.download(name);
        Path model = download.converted();
        if (Files.exists(model) && !again) {
            console.note(name + " is there already; --again fetches it anew");
        } else {
            download.fetch(Optional.ofNullable(mirror), activation.given(), console);
        }
        console.print(model.toString());
        return 0;
    }
}
