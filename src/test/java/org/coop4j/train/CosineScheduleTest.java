package org.coop4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class CosineScheduleTest {

    private static final Pattern KEY = Pattern.compile("lr([0-9.]+)_epochs(\\d+)");

    /** {@code lr_schedule.json}: the rates that PyTorch's scheduler in the reference gives. */
    @Test
    void ratesEqualTheReferences() throws IOException {
        Map<String, List<Double>> golden;
        try (InputStream in = getClass().getResourceAsStream("/golden/lr_schedule.json")) {
            golden = new ObjectMapper().readValue(in, new TypeReference<>() {});
        }
        assertThat(golden).isNotEmpty();
        for (Map.Entry<String, List<Double>> entry : golden.entrySet()) {
            Matcher key = KEY.matcher(entry.getKey());
            assertThat(key.matches()).as(entry.getKey()).isTrue();
            double rate = Double.parseDouble(key.group(1));
            int epochs = Integer.parseInt(key.group(2));
            CosineSchedule schedule = new CosineSchedule(rate, epochs, 1, 1e-5);
            assertThat(entry.getValue().size()).isEqualTo(epochs);
            for (int epoch = 0; epoch < epochs; epoch++) {
                double expected = entry.getValue().get(epoch);
                assertThat(schedule.at(epoch))
                        .as("%s, epoch %d", entry.getKey(), epoch)
                        .isCloseTo(expected, within(1e-12 * rate));
            }
        }
    }

    @Test
    void theReferencesDefaultsArePresets() {
        assertThat(CosineSchedule.reference(50)).isEqualTo(new CosineSchedule(0.002, 50, 1, 1e-5));
    }

    @Test
    void withoutWarmUpTheFirstEpochHasTheHighestRate() {
        assertThat(new CosineSchedule(0.1, 4, 0, 1).at(0)).isEqualTo(0.1);
    }

    @Test
    void impossibleSettingsAreRefused() {
        assertThatThrownBy(() -> new CosineSchedule(0, 5, 1, 1e-5)).hasMessageContaining("0.0");
        assertThatThrownBy(() -> new CosineSchedule(Double.NaN, 5, 1, 1e-5))
                .hasMessageContaining("NaN");
        assertThatThrownBy(() -> new CosineSchedule(1, 0, 1, 1e-5))
                .hasMessageContaining("0 epochs");
    }
}
