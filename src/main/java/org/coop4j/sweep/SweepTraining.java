package org.coop4j.sweep;

import java.util.function.Consumer;
import org.coop4j.data.bank.BankedImages;
import org.coop4j.run.TrainConfig;
import org.coop4j.run.TrainRun;
import org.coop4j.train.Trainable;

/** Follows a training run of a sweep, and counts its work. */
final class SweepTraining implements TrainRun.Listener {

    private final SweepProgress progress;
    private final Consumer<String> notes;
    private final SweepRun run;
    private final double image;
    private final double step;
    private Encoding encoding;
    private double encoded;
    private int firstEpoch;
    private int epochs;

    SweepTraining(SweepProgress progress, Consumer<String> notes, SweepRun run, double image) {
        this.progress = progress;
        this.notes = notes;
        this.run = run;
        this.image = image;
        this.step = (run.work() - run.encodeWork()) / Math.max(1, run.steps());
    }

    @Override
    public void note(String message) {
        notes.accept(run.dataset() + ": " + message);
    }

    @Override
    public BankedImages.Listener encoding(String what) {
        boolean first = encoding == null;
        Encoding next =
                new Encoding(
                        progress,
                        notes,
                        what,
                        image,
                        first ? run.encodeWork() : 0,
                        first ? 0 : encoded);
        if (first) {
            encoding = next;
        }
        return next;
    }

    @Override
    public void training(int epoch, TrainConfig config, int batches, long stepBytes) {
        encoded = encoding.work();
        firstEpoch = epoch;
        epochs = config.epochs();
        long left = (long) (epochs - epoch) * batches;
        progress.adjust((left - run.steps()) * step);
    }

    @Override
    public void batch(int epoch, int batch, int batches, Trainable.BatchResult result) {
        long done = (long) (epoch - firstEpoch) * batches + batch + 1;
        progress.done(encoded + done * step, "epoch %d of %d".formatted(epoch + 1, epochs));
    }
}
