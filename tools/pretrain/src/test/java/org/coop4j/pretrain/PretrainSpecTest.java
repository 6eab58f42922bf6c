package org.coop4j.pretrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PretrainSpecTest {

    private static final Path RECOMMENDED = Path.of("training.json");

    @TempDir
    Path folder;

    @Test
    void theRecommendedSettingsAreComplete() throws IOException {
        PretrainConfig config = PretrainSpec.readConfig(RECOMMENDED);
        assertThat(config.batches().size()).isEqualTo(128);
        assertThat(config.optimizer().beta2()).isEqualTo(0.98);
        assertThat(config.batches().classPictures()).isPositive();
    }

    @Test
    void missingUnknownAndImpossibleSettingsAreNamed() throws IOException {
        String good = Files.readString(RECOMMENDED);
        Path file = folder.resolve("training.json");
        Files.writeString(file, good.replaceFirst("\"shift\": [0-9.]+,", ""));
        assertThatThrownBy(() -> PretrainSpec.readConfig(file)).hasMessageContaining("'shift'");
        Files.writeString(file, good.replace("\"shift\"", "\"shfit\": 1, \"shift\""));
        assertThatThrownBy(() -> PretrainSpec.readConfig(file)).hasMessageContaining("\"shfit\"");
        Files.writeString(file, good.replaceFirst("\"rate\": [0-9.]+", "\"rate\": -1"));
        assertThatThrownBy(() -> PretrainSpec.readConfig(file)).hasMessageContainingAll("learning rate", "-1.0");
    }
}
