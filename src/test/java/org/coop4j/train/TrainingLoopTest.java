package org.coop4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.coop4j.base.Settings;
import org.coop4j.graph.LearnedTensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TrainingLoopTest {

    private static final Training TRAINING =
            Settings.with(Training.coop(6, 4), Map.of("rate", 0.1, "warmup_rate", 0.01));
    private static final CosineSchedule SCHEDULE = new CosineSchedule(0.1, 6, 1, 0.01);
    private static final BatchOrder ORDER = BatchOrder.shuffled(10, 4, 3);

    /** A quadratic bowl whose middle moves with the example and the epoch. */
    private static class Bowl implements Trainable {
        final float[] parameters = {1, -2, 3};
        final LearnedTensor tensor = LearnedTensor.of("bowl", parameters, 3);
        final List<Integer> examples = new ArrayList<>();

        @Override
        public List<LearnedTensor> learned() {
            return List.of(tensor);
        }

        @Override
        public BatchResult step(int epoch, int[] batch) {
            float[] gradient = tensor.gradient();
            double loss = 0;
            java.util.Arrays.fill(gradient, 0);
            for (int example : batch) {
                examples.add(example);
                for (int i = 0; i < parameters.length; i++) {
                    float d = parameters[i] - 0.1f * example - 0.01f * epoch;
                    loss += d * d / batch.length;
                    gradient[i] += 2 * d / batch.length;
                }
            }
            return new BatchResult(loss, batch[0] % 2);
        }
    }

    private static TrainingLoop loop(Trainable model) {
        return new TrainingLoop(model, TRAINING, ORDER);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3, 5, 6})
    void goingOnFromACheckpointEqualsRunningThrough(int stopAfter) throws IOException {
        Bowl through = new Bowl();
        List<Checkpoint> checkpoints = new ArrayList<>();
        checkpoints.add(new Checkpoint(0, Map.of("bowl", through.parameters.clone()), Map.of()));
        loop(through)
                .run(
                        new TrainingLoop.Listener() {
                            @Override
                            public void epoch(
                                    int epoch, double loss, double acc, double rate, Checkpoint c) {
                                checkpoints.add(c);
                            }
                        });
        Bowl resumed = new Bowl();
        java.util.Arrays.fill(resumed.parameters, 77);
        TrainingLoop loop = loop(resumed);
        loop.resume(checkpoints.get(stopAfter));
        List<Integer> epochs = new ArrayList<>();
        loop.run(
                new TrainingLoop.Listener() {
                    @Override
                    public void epoch(
                            int epoch, double loss, double accuracy, double rate, Checkpoint c) {
                        epochs.add(epoch);
                        assertThat(rate).isEqualTo(SCHEDULE.at(epoch));
                        assertThat(c.epochs()).isEqualTo(epoch + 1);
                    }
                });
        assertThat(resumed.parameters).containsExactly(through.parameters);
        assertThat(epochs).hasSize(6 - stopAfter);
        assertThat(resumed.examples)
                .isEqualTo(through.examples.subList(8 * stopAfter, through.examples.size()));
    }

    @Test
    void anEpochReportsTheMeansOfItsBatches() throws IOException {
        double[] sums = new double[2];
        loop(new Bowl())
                .run(
                        new TrainingLoop.Listener() {
                            @Override
                            public void batch(
                                    int epoch,
                                    int batch,
                                    int batches,
                                    double rate,
                                    Trainable.BatchResult r) {
                                assertThat(batches).isEqualTo(2);
                                sums[0] += r.loss() / 2;
                                sums[1] += r.accuracy() / 2;
                            }

                            @Override
                            public void epoch(
                                    int epoch, double loss, double acc, double rate, Checkpoint c) {
                                assertThat(loss).isEqualTo(sums[0]);
                                assertThat(acc).isEqualTo(sums[1]);
                                sums[0] = 0;
                                sums[1] = 0;
                            }
                        });
    }

    @ParameterizedTest
    @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
    void aNonFiniteLossStopsNamingEpochAndBatch(double bad) {
        Bowl model =
                new Bowl() {
                    int steps;

                    @Override
                    public BatchResult step(int epoch, int[] batch) {
                        BatchResult result = super.step(epoch, batch);
                        return ++steps == 6 ? new BatchResult(bad, 0) : result;
                    }
                };
        List<Checkpoint> checkpoints = new ArrayList<>();
        assertThatThrownBy(() -> loop(model).run(collect(checkpoints)))
                .isInstanceOf(NonFiniteLossException.class)
                .hasMessageContaining("loss " + bad + " in epoch 3, batch 2")
                .hasMessageContaining("the last checkpoint, if there is one, is kept");
        assertThat(checkpoints).hasSize(2);
    }

    @Test
    void anInfiniteGradientOfAFiniteLossReachesNoCheckpoint() {
        Bowl model =
                new Bowl() {
                    int steps;

                    @Override
                    public BatchResult step(int epoch, int[] batch) {
                        BatchResult result = super.step(epoch, batch);
                        if (++steps == 4) {
                            tensor.gradient()[1] = Float.POSITIVE_INFINITY;
                        }
                        return result;
                    }
                };
        List<Checkpoint> checkpoints = new ArrayList<>();
        assertThatThrownBy(() -> loop(model).run(collect(checkpoints)))
                .isInstanceOf(NonFiniteLossException.class)
                .hasMessageContaining("parameter became -Infinity in epoch 2, batch 2");
        assertThat(checkpoints).hasSize(1);
        assertThat(checkpoints.get(0).values().get("bowl")).doesNotContain(Float.NEGATIVE_INFINITY);
    }

    private static TrainingLoop.Listener collect(List<Checkpoint> checkpoints) {
        return new TrainingLoop.Listener() {
            @Override
            public void epoch(
                    int epoch, double loss, double accuracy, double rate, Checkpoint checkpoint) {
                checkpoints.add(checkpoint);
            }
        };
    }

    @Test
    void aCheckpointOfAnotherSizeIsRefused() {
        assertThatThrownBy(
                        () ->
                                loop(new Bowl())
                                        .resume(
                                                new Checkpoint(
                                                        1, Map.of("bowl", new float[2]), Map.of())))
                .hasMessageContaining("expected 3 values of bowl, got 2");
    }
}
