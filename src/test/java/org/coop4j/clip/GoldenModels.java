package org.coop4j.clip;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.coop4j.base.Progress;
import org.coop4j.model.convert.Converter;
import org.coop4j.weights.Golden;
import org.coop4j.weights.safetensors.SafetensorsFile;

/** The small golden models, converted. */
public final class GoldenModels {

    private GoldenModels() {}

    /** A golden file by its path, such as {@code vit/coop.json}. */
    public static Path file(String path) throws IOException {
        return Golden.path(path);
    }

    /** The golden numbers in {@code path}. */
    public static SafetensorsFile numbers(String path) {
        try {
            return SafetensorsFile.open(file(path));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The golden JSON in {@code path}. */
    public static JsonNode json(String path) throws IOException {
        return new ObjectMapper().readTree(file(path).toFile());
    }

    /** The rows of {@code token_ids}. */
    public static List<int[]> tokens(SafetensorsFile golden) throws IOException {
        long[] ids = golden.tensor("token_ids").longs();
        int length = (int) golden.shape("token_ids").dim(1);
        return IntStream.range(0, ids.length / length)
                .mapToObj(row -> Arrays.stream(ids, row * length, (row + 1) * length)
                        .mapToInt(Math::toIntExact)
                        .toArray())
                .toList();
    }

    /** Converts {@code vit}, {@code vit_gelu}, {@code resnet}, {@code pe_core/cls}, {@code tips/b} or {@code siglip1/huggingface} into {@code folder}. */
    public static Path convert(String model, Path folder) throws IOException {
        Path target = folder.resolve(model.replace('/', '-') + ".safetensors");
        if (!Files.exists(target)) {
            String source =
                    switch (model) {
                        case "vit" -> "vit/torchscript.pt";
                        case "resnet" -> "resnet/torchscript.pt";
                        case "tips/b", "tips/g" -> model + "/huggingface";
                        default -> model.startsWith("siglip") ? model : model + "/open_clip";
                    };
            Converter.convert(file(source), target, Optional.empty(), Progress.NONE);
        }
        return target;
    }

    /** Opens a golden model. */
    public static Clip open(String model, Path folder) throws IOException {
        return Clip.open(convert(model, folder));
    }
}
