package org.coop4j.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import org.coop4j.data.ClassHalf;
import org.coop4j.method.ClassPosition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TrainConfigTest {

    private static final DataSpec DATA = DataSpec.of(Path.of("images"));

    private static TrainConfig config(
            int length, boolean classSpecific, String words, int epochs, int batch, double rate) {
        return new TrainConfig(
                DATA,
                ClassHalf.ALL,
                1,
                1,
                length,
                ClassPosition.END,
                classSpecific,
                words,
                epochs,
                batch,
                rate,
                1,
                1e-5,
                0.9,
                5e-4,
                0,
                1);
    }

    @Test
    void settingsThatCannotTrainAreRefusedBeforeAnyWork() {
        assertThatThrownBy(() -> config(0, false, null, 2, 2, 0.1))
                .hasMessageContaining("context of 0 vectors");
        assertThatThrownBy(() -> config(4, false, "  ", 2, 2, 0.1))
                .hasMessageContaining("no words");
        assertThatThrownBy(() -> config(4, false, null, 0, 2, 0.1))
                .hasMessageContaining("0 epochs");
        assertThatThrownBy(() -> config(4, false, null, 2, 0, 0.1)).hasMessageContaining("batch 0");
        assertThatThrownBy(() -> config(4, false, null, 2, 2, -0.1)).hasMessageContaining("-0.1");
    }

    /** The epochs that the reference recommends, COOP.md. */
    @ParameterizedTest
    @CsvSource({"1, 50", "2, 100", "4, 100", "8, 200", "16, 200", "0, 200"})
    void theReferencesEpochsFollowFromTheShots(int shots, int epochs) {
        TrainConfig config = TrainConfig.reference(DATA, shots, 3);
        assertThat(config.epochs()).isEqualTo(epochs);
        assertThat(config.batch()).isEqualTo(32);
        assertThat(config.contextLength()).isEqualTo(16);
        assertThat(config.rate()).isEqualTo(0.002);
    }

    @Test
    void aConfigReadBackIsTheSame() throws IOException {
        TrainConfig config = config(4, false, "a photo of a", 2, 2, 0.1 + 0.2).withSeed(-5);
        ObjectMapper json = new ObjectMapper();
        assertThat(json.readValue(json.writeValueAsString(config), TrainConfig.class))
                .isEqualTo(config);
    }
}
