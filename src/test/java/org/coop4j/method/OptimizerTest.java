package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.coop4j.base.Thrown.assertThrown;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.coop4j.base.Settings;
import org.coop4j.graph.LearnedTensor;
import org.junit.jupiter.api.Test;

/** Steps of the optimizers, and the learning rates of trainings. */
class OptimizerTest {

    private static final float[] START = {0.0213f, -0.0378f, 0.0049f, 1.5f};

    private static final float[][] GRADIENTS = {
        {0.31f, -0.017f, 2.5f, -0.4f}, {-0.12f, 0.44f, -1.75f, 0.9f}, {0.05f, 0.05f, 0.05f, -3.0f}
    };

    /**
     * PyTorch 2.6 on the CPU: {@code SGD([p], lr=0.002, momentum=0.9, weight_decay=5e-4)}, {@code
     * [float(x).hex() for x in p]} after each of three steps.
     */
    private static final float[][] PARAMETERS = {
        {0x1.52d21ep-6f, -0x1.3560f6p-5f, -0x1.a3737ep-14f, 0x1.8034540p+0f},
        {0x1.4d9c2ap-6f, -0x1.3c5622p-5f, -0x1.205c60p-10f, 0x1.7fed5cp+0f},
        {0x1.474816p-6f, -0x1.436ad2p-5f, -0x1.1340b6p-9f, 0x1.81369cp+0f}
    };

    /** Its {@code momentum_buffer}. */
    private static final float[][] VELOCITIES = {
        {0x1.3d736ep-2f, -0x1.16d672p-6f, 0x1.400014p+1f, -0x1.98d4fep-2f},
        {0x1.45ac3cp-3f, 0x1.b2db24p-2f, 0x1.000048p-1f, 0x1.1535b6p-1f},
        {0x1.8b86c0p-3f, 0x1.ba8cf6p-2f, 0x1.00002ep-1f, -0x1.418826p+1f}
    };

    private final LearnedTensor tensor = LearnedTensor.of("ctx", START.clone(), START.length);

    private static Optimizer reference() {
        return new Optimizer(Training.coop(1, 1));
    }

    private void step(Optimizer sgd, int step, double rate) {
        System.arraycopy(GRADIENTS[step], 0, tensor.gradient(), 0, START.length);
        sgd.step(List.of(tensor), rate, step + 1L);
    }

    @Test
    void stepsEqualPyTorchToTheLastBit() {
        Optimizer sgd = reference();
        assertThat(sgd.state()).isEmpty();
        for (int step = 0; step < GRADIENTS.length; step++) {
            step(sgd, step, 0.002);
            assertThat(tensor.values()).containsExactly(PARAMETERS[step]);
            assertThat(sgd.state().get("ctx.momentum")).containsExactly(VELOCITIES[step]);
        }
    }

    @Test
    void theNormOfAllGradientsTogetherIsLimited() {
        Optimizer sgd = new Optimizer(
                Settings.with(Training.coop(1, 1), Map.of("momentum", 0, "weight_decay", 0, "gradient_limit", 1)));
        LearnedTensor other = LearnedTensor.of("other", new float[1], 1);
        for (float[] gradients : new float[][] {{3, 4}, {0.3f, 0.4f}, {0, 0}}) {
            float before = tensor.values()[0];
            Arrays.fill(tensor.gradient(), 0);
            tensor.gradient()[0] = gradients[0];
            other.gradient()[0] = gradients[1];
            other.values()[0] = 0;
            sgd.step(List.of(tensor, other), 1, 1);
            float norm = (float) Math.max(1, Math.hypot(gradients[0], gradients[1]));
            assertThat(tensor.values()[0]).isCloseTo(before - gradients[0] / norm, within(1e-6f));
            assertThat(other.values()[0]).isCloseTo(-gradients[1] / norm, within(1e-6f));
        }
    }

    @Test
    void aStateOfAnotherTensorIsRefused() {
        Optimizer sgd = reference();
        sgd.restore(Map.of("ctx.momentum", new float[3]));
        assertThrown(() -> sgd.step(List.of(tensor), 0.1, 1), "ctx.momentum", "expected 4", "got 3");
        sgd.restore(Map.of("x.momentum", new float[4]));
        assertThrown(() -> sgd.step(List.of(tensor), 0.1, 1), "got none");
    }

    @Test
    void impossibleConstantsAreRefused() {
        for (Map<String, Object> bad : List.<Map<String, Object>>of(
                Map.of("momentum", 1.0),
                Map.of("momentum", Double.NaN),
                Map.of("weight_decay", -1.0),
                Map.of("rate", -0.1),
                Map.of("rate", 0.0),
                Map.of("rate", Double.NaN),
                Map.of("epochs", -1),
                Map.of("batch", 0),
                Map.of("epsilon", 0.0))) {
            assertThrown(IllegalArgumentException.class, () -> Settings.with(Training.coop(1, 1), bad));
        }
    }

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
    void ratesAreAdaptedToAnotherLogitScale() {
        Training sgd = Training.coop(50, 32);
        assertThat(sgd.adaptedTo(20))
                .isEqualTo(Settings.with(sgd, Map.of("rate", 0.05, "gradient_limit", 1.0, "epsilon", 2e-9)));
        assertThat(sgd.adaptedTo(200)).isEqualTo(Settings.with(sgd, Map.of("rate", 0.0005, "epsilon", 2e-8)));
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
