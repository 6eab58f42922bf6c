package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.coop4j.base.Settings;
import org.junit.jupiter.api.Test;

class TrainingTest {

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
            Training training = Settings.with(Training.coop(epochs, 32), Map.of("rate", rate));
            assertThat(entry.getValue().size()).isEqualTo(epochs);
            for (int epoch = 0; epoch < epochs; epoch++) {
                double expected = entry.getValue().get(epoch);
                assertThat(training.rate(epoch, 0, 1))
                        .as("%s, epoch %d", entry.getKey(), epoch)
                        .isCloseTo(expected, within(1e-12 * rate));
            }
        }
    }

    @Test
    void theReferencesDefaultsArePresets() {
        Training training = Training.coop(50, 32);
        assertThat(training.rate()).isEqualTo(0.002);
        assertThat(training.warmupEpochs()).isEqualTo(1);
        assertThat(training.warmupRate()).isEqualTo(1e-5);
        assertThat(training.schedule()).isEqualTo(Training.Schedule.EPOCH_COSINE);
    }

    @Test
    void ratesAreAdaptedToAnotherLogitScale() {
        Training sgd = Training.coop(50, 32);
        assertThat(sgd.adaptedTo(20)).isEqualTo(Settings.with(sgd, Map.of("rate", 0.05, "epsilon", 2e-9)));
        assertThat(sgd.adaptedTo(200).rate()).isEqualTo(0.0005);
        Training adam = Training.adam(Optimizer.Algorithm.ADAM, 300, 8, 1e-5, 0, 1e-4, Training.Schedule.STEP_COSINE);
        assertThat(adam.adaptedTo(20)).isEqualTo(Settings.with(adam, Map.of("rate", 5e-5, "epsilon", 2e-5)));
        for (double usual : new double[] {90, 99.99, 100, 110}) {
            assertThat(sgd.adaptedTo(usual)).isSameAs(sgd);
            assertThat(adam.adaptedTo(usual)).isSameAs(adam);
        }
        assertThat(Training.none().adaptedTo(20)).isEqualTo(Training.none());
    }

    @Test
    void withoutWarmUpTheFirstEpochHasTheHighestRate() {
        Training training = Settings.with(Training.coop(4, 1), Map.of("rate", 0.1, "warmup_epochs", 0));
        assertThat(training.rate(0, 0, 1)).isEqualTo(0.1);
    }
}
