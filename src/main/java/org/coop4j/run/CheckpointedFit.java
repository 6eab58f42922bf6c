package org.coop4j.run;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.method.Fit;
import org.coop4j.train.BatchOrder;
import org.coop4j.train.Checkpoint;
import org.coop4j.train.Trainable;
import org.coop4j.train.Training;
import org.coop4j.train.TrainingLoop;

/** Trains in a run's folder: goes on from its checkpoint, and writes checkpoints and metrics. */
final class CheckpointedFit implements Fit {

    private final RunFolder folder;
    private final RunConfig config;
    private final MemoryLimit memory;
    private final String imagesHash;
    private final TrainRun.Listener listener;

    /**
     * @param imagesHash hash of the training images: a checkpoint of others is refused
     */
    CheckpointedFit(
            RunFolder folder,
            RunConfig config,
            MemoryLimit memory,
            String imagesHash,
            TrainRun.Listener listener) {
        this.folder = folder;
        this.config = config;
        this.memory = memory;
        this.imagesHash = imagesHash;
        this.listener = listener;
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
    public void note(String message) {
        listener.note(message);
    }

    @Override
    public void progress(String what, long done, long total) {
        listener.progress(what, done, total);
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
        listener.training(done, training(), order.batches(), model.bytes(order.batchSize()));
        loop.run(new Recorder(metrics));
    }

    /** Writes metrics and checkpoints, and passes on what happens. */
    private final class Recorder implements TrainingLoop.Listener {

        private final RunMetrics metrics;

        Recorder(RunMetrics metrics) {
            this.metrics = metrics;
        }

        @Override
        public void batch(
                int epoch, int batch, int batches, double rate, Trainable.BatchResult result) {
            listener.batch(epoch, batch, batches, rate, result);
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
            listener.epoch(epoch, loss, accuracy, rate, checkpoint);
        }
    }
}
