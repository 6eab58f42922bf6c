package org.coop4j.run;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.coop4j.base.Numbers;
import org.coop4j.base.Progress;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.method.Fit;
import org.coop4j.train.BatchOrder;
import org.coop4j.train.Checkpoint;
import org.coop4j.train.Trainable;
import org.coop4j.train.Training;
import org.coop4j.train.TrainingLoop;

/** Trains in a run's folder: goes on from its checkpoint, and writes checkpoints and metrics. */
final class CheckpointedFit implements Fit, AutoCloseable {

    private final RunFolder folder;
    private final RunConfig config;
    private final MemoryLimit memory;
    private final String imagesHash;
    private final Progress progress;
    private Progress.Task task;

    /**
     * @param imagesHash hash of the training images: a checkpoint of others is refused
     */
    CheckpointedFit(
            RunFolder folder,
            RunConfig config,
            MemoryLimit memory,
            String imagesHash,
            Progress progress) {
        this.folder = folder;
        this.config = config;
        this.memory = memory;
        this.imagesHash = imagesHash;
        this.progress = progress;
    }

    @Override
    public Training training() {
        return config.training();
    }

    @Override
    public long seed() {
        return config.sample().seed();
    }

    @Override
    public MemoryLimit memory() {
        return memory;
    }

    @Override
    public Progress progress() {
        return progress;
    }

    @Override
    public void train(Trainable model, BatchOrder order) throws IOException {
        TrainingLoop loop = new TrainingLoop(model, training(), order);
        int done = 0;
        RunMetrics metrics;
        if (folder.has(RunFolder.CHECKPOINT)) {
            TrainCheckpoint checkpoint =
                    TrainCheckpoint.read(folder.file(RunFolder.CHECKPOINT), imagesHash);
            loop.resume(checkpoint.state());
            done = checkpoint.state().epochs();
            metrics = RunMetrics.resume(folder, done, checkpoint.metrics());
        } else {
            metrics = RunMetrics.begin(folder);
        }
        if (done > 0) {
            progress.note("going on after epoch %d of %d".formatted(done, training().epochs()));
        }
        String bytes = Numbers.bytes(model.bytes(order.batchSize()));
        progress.note("a step needs " + bytes + " for intermediate values");
        long steps = (long) (training().epochs() - done) * order.batches();
        task = progress.task("training", steps, Progress.Unit.STEPS);
        loop.run(new Recorder(metrics));
    }

    @Override
    public void close() {
        if (task != null) {
            task.close();
        }
    }

    /** Writes metrics and checkpoints, and tells how it goes. */
    private final class Recorder implements TrainingLoop.Listener {

        private final RunMetrics metrics;

        Recorder(RunMetrics metrics) {
            this.metrics = metrics;
        }

        @Override
        public void batch(
                int epoch, int batch, int batches, double rate, Trainable.BatchResult result) {
            task.detail(
                    String.format(
                            Locale.ROOT,
                            "epoch %d/%d  loss %.4f  accuracy %.0f %%  rate %.2e",
                            epoch + 1,
                            training().epochs(),
                            result.loss(),
                            100 * result.accuracy(),
                            rate));
            // The last step of an epoch is done when its checkpoint is.
            task.advance(batch + 1 < batches ? 1 : 0);
        }

        @Override
        public void epoch(
                int epoch, double loss, double accuracy, double rate, Checkpoint checkpoint)
                throws IOException {
            Map<String, Object> line = new LinkedHashMap<>();
            line.put("epoch", epoch + 1);
            line.put("loss", loss);
            line.put("accuracy", 100 * accuracy);
            line.put("learning_rate", rate);
            metrics.append(line);
            boolean last = epoch + 1 == training().epochs();
            if (last || (epoch + 1) % config.checkpointEvery() == 0) {
                new TrainCheckpoint(checkpoint, metrics.lines())
                        .write(folder.file(RunFolder.CHECKPOINT), imagesHash);
            }
            task.advance(1);
        }
    }
}
