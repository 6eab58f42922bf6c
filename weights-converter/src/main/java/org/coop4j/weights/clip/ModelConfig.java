package org.coop4j.weights.clip;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.coop4j.weights.WeightsException;

/**
 * What a configuration file beside the weights says.
 *
 * @param file its name, for messages
 * @param activation the activation, empty when the file contradicts itself
 * @param visionHeads heads of the image tower
 * @param textHeads heads of the text tower
 * @param preprocessing constants, whose size must be the image tower's
 * @param dimensions what it says of dimensions that the shapes tell too, by their names here
 */
record ModelConfig(
        String file,
        Optional<Activation> activation,
        OptionalInt visionHeads,
        OptionalInt textHeads,
        Preprocessing preprocessing,
        Map<String, Object> dimensions) {

    /**
     * Compares the dimensions with those that the tensors have.
     *
     * @throws WeightsException when some differ, naming all that do
     */
    void check(ClipArchitecture architecture) throws WeightsException {
        Map<String, Object> actual = dimensionsOf(architecture);
        List<String> differences =
                dimensions.entrySet().stream()
                        .filter(e -> !e.getValue().equals(actual.get(e.getKey())))
                        .map(
                                e ->
                                        "%s is %s in the configuration, %s in the tensors"
                                                .formatted(
                                                        e.getKey(),
                                                        e.getValue(),
                                                        actual.get(e.getKey())))
                        .toList();
        if (!differences.isEmpty()) {
            throw new WeightsException(
                    file + " does not fit the weights: " + String.join("; ", differences));
        }
    }

    private static Map<String, Object> dimensionsOf(ClipArchitecture architecture) {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("embed_dim", architecture.embedDim());
        all.put("vision image_size", architecture.vision().imageSize());
        all.put("vision width", architecture.vision().width());
        if (architecture.vision() instanceof Vit vit) {
            all.put("vision patch_size", vit.patchSize());
            all.put("vision layers", vit.layers());
            all.put("vision mlp_width", vit.mlpWidth());
        } else if (architecture.vision() instanceof ModifiedResNet resNet) {
            all.put("vision layers", resNet.layers());
        }
        TextArchitecture text = architecture.text();
        all.put("text context_length", text.contextLength());
        all.put("text vocabulary_size", text.vocabularySize());
        all.put("text width", text.width());
        all.put("text layers", text.layers());
        all.put("text mlp_width", text.mlpWidth());
        return all;
    }
}
