package org.coop4j.clip;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.coop4j.base.Progress;
import org.coop4j.weights.convert.Converter;
import org.coop4j.weights.safetensors.SafetensorsFile;

/** The small golden SigLIPs; nothing of their sizes is known here. */
public final class SiglipModels {

    private SiglipModels() {}

    /** A golden file or folder, such as {@code siglip2/huggingface}; the tests of other modules find it too. */
    public static Path file(String name) {
        for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
            Path golden = at.resolve("src/test/resources/golden/siglip");
            if (Files.isDirectory(golden)) {
                return golden.resolve(name);
            }
        }
        throw new IllegalStateException("no src/test/resources/golden/siglip above this folder");
    }

    /** The golden JSON of a file. */
    public static JsonNode json(String name) throws IOException {
        return new ObjectMapper().readTree(file(name).toFile());
    }

    /** The golden tensors of a file. */
    public static SafetensorsFile numbers(String name) throws IOException {
        return SafetensorsFile.open(file(name));
    }

    /** Converts a folder such as {@code siglip2/huggingface}. */
    public static Path convert(String model, Path folder) throws IOException {
        Path target = folder.resolve(model.replace('/', '-') + ".safetensors");
        if (!Files.exists(target)) {
            Converter.convert(file(model), target, Optional.empty(), Progress.NONE);
        }
        return target;
    }

    /** Opens a golden model. */
    public static Clip open(String model, Path folder) throws IOException {
        return Clip.open(convert(model, folder));
    }
}
