package org.coop4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import org.coop4j.cli.Options.Activation;
import org.coop4j.cli.Options.SafetensorsOut;
import org.coop4j.weights.convert.Converter;
import org.coop4j.weights.model.ModelMetadata;
import org.coop4j.weights.model.ModelSummary;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code coop convert}: a checkpoint of any published form to one safetensors file. */
@Command(
        name = "convert",
        description = {
            "Convert a CLIP checkpoint to the one safetensors file that the other commands read.",
            "",
            "SOURCE is a file (OpenAI's TorchScript archive, torch.save, safetensors, an index of shards) or a folder"
                    + " (Hugging Face with config.json, open_clip with open_clip_config.json)."
                    + " No code in the source is run."
        },
        footer = {
            "  coop convert ViT-B-32.pt -o vit-b-32.safetensors",
            "  coop convert clip-vit-large-patch14/ -o vit-l-14.safetensors",
            "  coop convert state_dict.pt --activation quick_gelu -o clip.safetensors"
        })
final class ConvertCommand extends ConsoleCommand {

    @Parameters(paramLabel = "SOURCE", description = "The checkpoint: a file or folder.")
    Path source;

    @Mixin
    SafetensorsOut out;

    @Mixin
    Activation activation;

    @Override
    public Integer call() throws IOException {
        ModelMetadata written = Converter.convert(source, out.file, activation.given(), console);
        console.print(out.file + ": " + ModelSummary.line(written));
        return 0;
    }
}
