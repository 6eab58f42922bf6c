package org.coop4j.experiment;

import java.util.Objects;
import org.coop4j.train.pretrain.PretrainConfig;

/**
 * Everything that decides what a pre-training gives, but for the pictures themselves.
 *
 * @param architecture the model's dimensions, the JSON that a converted model's metadata has
 * @param activation of the MLPs, {@code quick_gelu} or {@code gelu}
 * @param tableSha256 SHA-256 of the table of pictures and captions
 * @param config how it is trained
 */
public record PretrainSpec(
        String architecture, String activation, String tableSha256, PretrainConfig config) {

    public PretrainSpec {
        Objects.requireNonNull(architecture, "architecture");
        Objects.requireNonNull(activation, "activation");
        Objects.requireNonNull(tableSha256, "tableSha256");
        Objects.requireNonNull(config, "config");
    }
}
