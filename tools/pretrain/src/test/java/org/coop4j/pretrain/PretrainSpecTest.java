package org.coop4j.pretrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PretrainSpecTest {

    private static final Path SHIPPED = Path.of("training.json");

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"training.json", "training-cutmix.json"})
    void theSettingsOfTheShippedModelAreComplete(String file) throws IOException {
        PretrainConfig config = PretrainSpec.readConfig(Path.of(file));
        assertThat(config.batches().size()).isEqualTo(128);
        assertThat(config.optimizer().beta2()).isEqualTo(0.98);
        assertThat(config.batches().classPictures()).isPositive();
    }

    @Test
    void theLastEpochsShowPicturesAsTheTestDoes() throws IOException {
        PretrainConfig config = PretrainSpec.readConfig(Path.of("training-cutmix.json"));
        int plain = config.epochs() - config.plainEpochs();
        assertThat(config.cutMix(plain - 1)).isEqualTo(config.cutMix()).isPositive();
        assertThat(config.augmentation(plain - 1)).isEqualTo(config.augmentation());
        assertThat(config.cutMix(plain)).isZero();
        assertThat(config.augmentation(plain)).isEqualTo(new Augmentation(1, 1, 0, 0.5, 0, 0, 0, 0, 0));
    }

    @Test
    void missingUnknownAndImpossibleSettingsAreNamed() throws IOException {
        String good = Files.readString(SHIPPED);
        Path file = folder.resolve("training.json");
        Files.writeString(file, good.replaceFirst("\"shift\": [0-9.]+,", ""));
        assertThatThrownBy(() -> PretrainSpec.readConfig(file)).hasMessageContaining("'shift'");
        Files.writeString(file, good.replace("\"shift\"", "\"shfit\": 1, \"shift\""));
        assertThatThrownBy(() -> PretrainSpec.readConfig(file)).hasMessageContaining("\"shfit\"");
        Files.writeString(file, good.replaceFirst("\"rate\": [0-9.]+", "\"rate\": -1"));
        assertThatThrownBy(() -> PretrainSpec.readConfig(file)).hasMessageContainingAll("learning rate", "-1.0");
    }
}
