package org.coop4j.model.convert;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.coop4j.base.InputException;
import org.coop4j.model.ClipConfig;
import org.coop4j.model.MlpActivation;
import org.coop4j.model.ModelMetadata;
import org.coop4j.model.ModelMetadata.Publication;
import org.coop4j.model.ModelVocabulary;
import org.coop4j.model.PreprocessConfig;

/**
 * A model to convert: a weights file, or a Hugging Face or open_clip folder with a configuration in it.
 *
 * @param weights the file, or index of shards, to open
 * @param config the configuration, empty for a lone file
 * @param tips in place of a configuration for TIPS, whose tensors tell most of it
 */
record ModelSource(Path weights, Optional<ModelConfig> config, Optional<TipsForm> tips) {

    /** Finds weights and configuration; a folder with both kinds is taken as open_clip's. */
    static ModelSource find(Path source) throws IOException {
        InputException.require(Files.exists(source), "no such file or folder: %s", source);
        if (!Files.isDirectory(source)) {
            return new ModelSource(source, Optional.empty(), Optional.empty());
        }
        Optional<TipsForm> tips = TipsForm.in(source);
        if (tips.isPresent()) {
            Optional<Path> npz = TipsForm.npz(source);
            return new ModelSource(
                    npz.isPresent() ? npz.get() : fileIn(source, WeightsFile.HUGGING_FACE), Optional.empty(), tips);
        }
        boolean openClip = Files.isRegularFile(source.resolve(OpenClipConfig.FILE));
        if (!openClip && !Files.isRegularFile(source.resolve(HuggingFaceConfig.FILE))) {
            throw InputException.in(
                    source,
                    "the folder has neither %s (Hugging Face) nor %s (open_clip): name the weights file itself"
                            .formatted(HuggingFaceConfig.FILE, OpenClipConfig.FILE));
        }
        List<String> names = new ArrayList<>(openClip ? WeightsFile.OPEN_CLIP : List.of());
        names.addAll(WeightsFile.HUGGING_FACE);
        return new ModelSource(
                fileIn(source, names),
                Optional.of(openClip ? OpenClipConfig.read(source) : HuggingFaceConfig.read(source)),
                Optional.empty());
    }

    /**
     * Returns the first of these files that the folder contains.
     *
     * @throws InputException if it contains none of them
     */
    private static Path fileIn(Path folder, List<String> names) throws InputException {
        return names.stream()
                .map(folder::resolve)
                .filter(Files::isRegularFile)
                .findFirst()
                .orElseThrow(() ->
                        InputException.in(folder, "no weights in the folder: expected " + String.join(", ", names)));
    }

    /**
     * The description of a model by a configuration file beside the weights, or by the weights alone.
     *
     * @param file name of the file, or kind of the weights, for messages
     * @param architecture the dimensions
     * @param activation the image tower's activation, empty if it is unknown or the file contradicts itself
     * @param textActivation the text tower's, empty if it is the same
     * @param preprocessing of images
     * @param vocabulary of texts in the same folder, empty for CLIP's
     */
    record ModelConfig(
            String file,
            ClipConfig architecture,
            Optional<MlpActivation> activation,
            Optional<MlpActivation> textActivation,
            PreprocessConfig preprocessing,
            Optional<ModelVocabulary> vocabulary) {

        /** A model with one activation and CLIP's vocabulary. */
        ModelConfig(
                String file,
                ClipConfig architecture,
                Optional<MlpActivation> activation,
                PreprocessConfig preprocessing) {
            this(file, architecture, activation, Optional.empty(), preprocessing, Optional.empty());
        }

        /**
         * Returns the metadata of the converted model.
         *
         * @throws IllegalArgumentException if the description contradicts itself
         */
        ModelMetadata metadata(
                MlpActivation chosen, ModelMetadata.SourceInfo source, Optional<Publication> publication) {
            return new ModelMetadata(
                    architecture,
                    chosen,
                    textActivation.orElse(chosen),
                    preprocessing,
                    vocabulary,
                    source,
                    publication);
        }
    }
}
