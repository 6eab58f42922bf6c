package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.coop4j.base.Thrown.assertThrown;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.coop4j.base.Progress;
import org.coop4j.base.Settings;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.method.Trainer.NonFiniteLossException;
import org.coop4j.method.Training.BatchOrder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;
import org.junit.jupiter.params.provider.ValueSource;

class TrainerTest {

    private static final Training TRAINING =
            Settings.with(Training.coop(6, 4), Map.of("rate", 0.1, "warmup_rate", 0.01));
    private static final BatchOrder ORDER = BatchOrder.shuffled(10, 4, 3);

    @TempDir
    Path folder;

    /** A quadratic bowl whose middle moves with the example and the epoch. */
    private static class Bowl extends BatchStep {
        final float[] parameters;
        final LearnedTensor tensor;
        final List<Integer> examples = new ArrayList<>();
        final List<double[]> results = new ArrayList<>();
        private double accuracy;

        Bowl() {
            this(LearnedTensor.of("bowl", new float[] {1, -2, 3}, 3));
        }

        Bowl(LearnedTensor tensor) {
            super(null, false, List.of(tensor), null);
            this.tensor = tensor;
            this.parameters = tensor.values();
        }

        @Override
        public long bytes(int batch) {
            return 0;
        }

        @Override
        public double accuracy() {
            return accuracy;
        }

        @Override
        public double run(int epoch, int[] batch) {
            float[] gradient = tensor.gradient();
            double loss = 0;
            Arrays.fill(gradient, 0);
            for (int example : batch) {
                examples.add(example);
                for (int i = 0; i < parameters.length; i++) {
                    float d = parameters[i] - 0.1f * example - 0.01f * epoch;
                    loss += d * d / batch.length;
                    gradient[i] += 2 * d / batch.length;
                }
            }
            accuracy = batch[0] % 2;
            results.add(new double[] {loss, accuracy});
            return loss;
        }
    }

    private Path checkpoint() {
        return folder.resolve("checkpoint.safetensors");
    }

    private void train(BatchStep step, int epochs) throws IOException {
        Trainer.RunFiles files = new Trainer.RunFiles(checkpoint(), folder.resolve("metrics.jsonl"), "images", 1);
        // Fewer epochs of the same schedule: as if interrupted.
        Trainer trainer = new Trainer(TRAINING, 1, MemoryLimit.none(), Progress.NONE, files);
        Optimizer optimizer = new Interrupted((long) epochs * ORDER.batches());
        trainer.train(step, ORDER, optimizer);
    }

    /** SGD that fails before a step. */
    private static final class Interrupted extends Optimizer {
        private final long steps;

        Interrupted(long steps) {
            super(TRAINING);
            this.steps = steps;
        }

        @Override
        public void step(List<LearnedTensor> tensors, double rate, long step) {
            if (step > steps) {
                throw new IllegalStateException("interrupted");
            }
            super.step(tensors, rate, step);
        }
    }

    private List<JsonNode> metrics() throws IOException {
        List<JsonNode> lines = new ArrayList<>();
        for (String line : Files.readAllLines(folder.resolve("metrics.jsonl"))) {
            lines.add(new ObjectMapper().readTree(line));
        }
        return lines;
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3, 5, 6})
    void resumingFromACheckpointEqualsRunningThrough(int stopAfter) throws IOException {
        Bowl through = new Bowl();
        new Trainer(TRAINING, 1).train(through, ORDER, new Optimizer(TRAINING));
        if (stopAfter < 6) {
            assertThatThrownBy(() -> train(new Bowl(), stopAfter)).hasMessage("interrupted");
        } else {
            train(new Bowl(), 6);
        }
        Bowl resumed = new Bowl();
        if (stopAfter > 0) {
            Arrays.fill(resumed.parameters, 77);
        }
        train(resumed, 6);
        assertThat(resumed.parameters).containsExactly(through.parameters);
        assertThat(resumed.examples).isEqualTo(through.examples.subList(8 * stopAfter, through.examples.size()));
        List<JsonNode> lines = metrics();
        assertThat(lines).hasSize(6);
        for (int epoch = 0; epoch < 6; epoch++) {
            assertThat(lines.get(epoch).get("epoch").asInt()).isEqualTo(epoch + 1);
            double rate = epoch == 0 ? 0.01 : 0.1 * (1 + Math.cos(Math.PI * (epoch - 1) / 6)) / 2;
            assertThat(lines.get(epoch).get("learning_rate").asDouble()).isEqualTo(rate);
        }
    }

    @Test
    void anEpochReportsTheMeansOfItsBatches() throws IOException {
        Bowl bowl = new Bowl();
        train(bowl, 6);
        List<JsonNode> lines = metrics();
        assertThat(bowl.results).hasSize(12);
        for (int epoch = 0; epoch < 6; epoch++) {
            double[] first = bowl.results.get(2 * epoch);
            double[] second = bowl.results.get(2 * epoch + 1);
            assertThat(lines.get(epoch).get("loss").asDouble()).isEqualTo((first[0] + second[0]) / 2);
            assertThat(lines.get(epoch).get("accuracy").asDouble()).isEqualTo(100 * (first[1] + second[1]) / 2);
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
    void aNonFiniteLossStopsNamingEpochAndBatch(double bad) throws IOException {
        Bowl model = new Bowl() {
            @Override
            public double run(int epoch, int[] batch) {
                double loss = super.run(epoch, batch);
                return results.size() == 6 ? bad : loss;
            }
        };
        assertThrown(
                NonFiniteLossException.class, () -> train(model, 6), "loss " + bad, "epoch 3", "batch 2", "checkpoint");
        assertThat(Checkpoint.read(checkpoint(), "images").epochs()).isEqualTo(2);
    }

    @Test
    void anInfiniteGradientOfAFiniteLossReachesNoCheckpoint() throws IOException {
        Bowl model = new Bowl() {
            @Override
            public double run(int epoch, int[] batch) {
                double loss = super.run(epoch, batch);
                if (results.size() == 4) {
                    tensor.gradient()[1] = Float.POSITIVE_INFINITY;
                }
                return loss;
            }
        };
        assertThrown(NonFiniteLossException.class, () -> train(model, 6), "bowl", "epoch 2", "batch 2");
        Checkpoint kept = Checkpoint.read(checkpoint(), "images");
        assertThat(kept.epochs()).isEqualTo(1);
        assertThat(kept.arrays().get("value.bowl")).doesNotContain(Float.NEGATIVE_INFINITY);
    }

    @Test
    void aCheckpointOfAnotherSizeOrOtherImagesIsRefused() throws IOException {
        train(new Bowl(), 6);
        assertThrown(
                () -> train(new Bowl(LearnedTensor.of("bowl", new float[2], 2)), 6), "bowl", "expected 2", "got 3");
        assertThrown(
                IOException.class,
                () -> Checkpoint.read(checkpoint(), "others"),
                checkpoint().getParent().toString(),
                "run folder");
    }

    /** Counts from the reference's loaders (Caltech101, DTD and EuroSAT among them). */
    @ParameterizedTest
    @CsvFileSource(resources = "batches.txt", quoteCharacter = '\'')
    void anIncompleteLastBatchIsDroppedOnlyAfterAFullOne(int examples, int batch, int batches, int size) {
        BatchOrder order = BatchOrder.shuffled(examples, batch, 1);
        assertThat(order.batches()).isEqualTo(batches);
        assertThat(order.batchSize()).isEqualTo(size);
        int[][] epoch = order.epoch(3);
        assertThat(epoch.length).isEqualTo(batches);
        for (int[] b : epoch) {
            assertThat(b).hasSize(size);
        }
        int[] all = Arrays.stream(epoch).flatMapToInt(Arrays::stream).sorted().toArray();
        assertThat(all).hasSize(batches * size).doesNotHaveDuplicates();
        assertThat(all[0]).isNotNegative();
        assertThat(all[all.length - 1]).isLessThan(examples);
    }

    @Test
    void theOrderFollowsFromSeedAndEpochAlone() {
        BatchOrder order = BatchOrder.shuffled(50, 8, 1);
        int[][] seventh = order.epoch(7);
        order.epoch(8);
        assertThat(order.epoch(7)).isDeepEqualTo(seventh);
        assertThat(BatchOrder.shuffled(50, 8, 1).epoch(7)).isDeepEqualTo(seventh);
        assertThat(order.epoch(8)).isNotEqualTo(seventh);
        assertThat(BatchOrder.shuffled(50, 8, 2).epoch(7)).isNotEqualTo(seventh);
    }

    @Test
    void theRemainderIsRedrawnEachEpoch() {
        BatchOrder order = BatchOrder.shuffled(33, 32, 1);
        boolean[] dropped = new boolean[33];
        for (int epoch = 0; epoch < 400; epoch++) {
            boolean[] seen = new boolean[33];
            Arrays.stream(order.epoch(epoch)[0]).forEach(i -> seen[i] = true);
            for (int i = 0; i < 33; i++) {
                dropped[i] |= !seen[i];
            }
        }
        assertThat(dropped).doesNotContain(false);
    }

    /** A run of coop4j-small with 8 shots ended so. */
    @Test
    void aLossThatRoseAgainIsWarnedOf() {
        assertThat(Trainer.collapse(List.of(2.1, 0.3, 1.5, 1.73)))
                .hasValueSatisfying(warning -> assertThat(warning).contains("1.73", "0.30 in epoch 2", "another seed"));
        assertThat(Trainer.collapse(List.of(2.1, 0.3, 0.7))).isEmpty();
        assertThat(Trainer.collapse(List.of(0.01, 0.2))).isEmpty();
        assertThat(Trainer.collapse(List.of())).isEmpty();
    }
}
