package org.coop4j.weights.convert;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.coop4j.base.InputException;
import org.coop4j.weights.checkpoint.WeightsFile;

/**
 * What a user points at: a weights file, or a folder of Hugging Face's or open_clip's with a
 * configuration in it.
 *
 * @param weights the file, or index of shards, to open
 * @param config the configuration, empty for a lone file
 */
record ModelSource(Path weights, Optional<ModelConfig> config) {
    /** Finds weights and configuration; a folder with both kinds is taken as open_clip's. */
    static ModelSource find(Path source) throws IOException {
        if (!Files.exists(source)) {
            throw new InputException("no such file or folder: " + source);
        }
        if (!Files.isDirectory(source)) {
            return new ModelSource(source, Optional.empty());
        }
        boolean openClip = Files.isRegularFile(source.resolve(OpenClipConfig.FILE));
        boolean huggingFace = Files.isRegularFile(source.resolve(HuggingFaceConfig.FILE));
        if (openClip && (hasAny(source, WeightsFile.OPEN_CLIP) || !huggingFace)) {
            Path weights = hasAny(source, WeightsFile.OPEN_CLIP)
                    ? WeightsFile.fileIn(source, WeightsFile.OPEN_CLIP)
                    : WeightsFile.fileIn(source, WeightsFile.HUGGING_FACE);
            return new ModelSource(weights, Optional.of(OpenClipConfig.read(source)));
        }
        if (huggingFace) {
            Path weights = WeightsFile.fileIn(source, WeightsFile.HUGGING_FACE);
            return new ModelSource(weights, Optional.of(HuggingFaceConfig.read(source)));
        }
        throw InputException.in(
                source,
                "the folder has neither %s (Hugging Face) nor %s (open_clip); name the weights file"
                                .formatted(HuggingFaceConfig.FILE, OpenClipConfig.FILE)
                        + " itself");
    }

    private static boolean hasAny(Path folder, List<String> names) {
        return names.stream().map(folder::resolve).anyMatch(Files::isRegularFile);
    }
}
