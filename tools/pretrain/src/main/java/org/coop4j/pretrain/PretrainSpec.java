package org.coop4j.pretrain;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.exc.ValueInstantiationException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;

/**
 * Everything that decides what a pre-training gives, but for the pictures themselves.
 *
 * @param architecture the model's dimensions, the JSON that a converted model's metadata has
 * @param activation of the MLPs, {@code quick_gelu} or {@code gelu}
 * @param initialSha256 SHA-256 of the model that training began with; null for random weights
 * @param teacherSha256 SHA-256 of the model whose image features are imitated; null for none
 * @param tableSha256 SHA-256 of the table of pictures and captions
 * @param config how it is trained
 */
public record PretrainSpec(
        String architecture,
        String activation,
        String initialSha256,
        String teacherSha256,
        String tableSha256,
        PretrainConfig config) {

    public PretrainSpec {
        Objects.requireNonNull(architecture, "architecture");
        Objects.requireNonNull(activation, "activation");
        Objects.requireNonNull(tableSha256, "tableSha256");
        Objects.requireNonNull(config, "config");
    }

    private static final ObjectMapper STRICT = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .build();

    /**
     * Reads the settings of a training, every one of them given.
     *
     * @throws IOException if the file is missing or malformed, or a setting is missing, unknown or
     *     out of range
     */
    public static PretrainConfig readConfig(Path file) throws IOException {
        try {
            return STRICT.readValue(file.toFile(), PretrainConfig.class);
        } catch (ValueInstantiationException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new IOException(file + ": " + cause.getMessage(), e);
        } catch (JsonProcessingException e) {
            String problem = e.getOriginalMessage()
                    .replaceFirst(
                            "Missing creator property ('[^']*').*",
                            "the setting $1 is missing, and every one is needed");
            throw new IOException(file + ": " + problem, e);
        }
    }
}
