package org.coop4j.demo;

import java.io.IOException;
import java.nio.file.Path;
import org.coop4j.data.bank.BankedImages;
import org.coop4j.run.TrainRun;
import org.coop4j.train.Trainable;
import org.coop4j.train.Training;

/** Counts the steps of one of the demo's training runs among those of all. */
final class DemoTraining implements TrainRun.Listener {

    private final DemoRun.Listener listener;
    private final long before;
    private final long total;
    private final String what;

    /**
     * @param before steps of the runs before this one
     * @param total steps of all runs
     */
    DemoTraining(DemoRun.Listener listener, long before, long total, String what) {
        this.listener = listener;
        this.before = before;
        this.total = total;
        this.what = what;
    }

    /** The demo's own samples are never short. */
    @Override
    public void note(String message) {}

    /** All pictures are encoded before the first run. */
    @Override
    public BankedImages.Listener encoding(String images) {
        return new BankedImages.Listener() {
            @Override
            public void progress(int done, int all) {}

            @Override
            public void unreadable(Path file, IOException problem) {}
        };
    }

    @Override
    public void training(int epoch, Training training, int batches, long stepBytes) {}

    @Override
    public void progress(String part, long done, long of) {}

    @Override
    public void batch(
            int epoch, int batch, int batches, double rate, Trainable.BatchResult result) {
        long done = before + (long) epoch * batches + batch + 1;
        listener.training(done, total, "%s  loss %.3f".formatted(what, result.loss()));
    }
}
