package org.coop4j.sweep;

import java.util.function.Consumer;
import org.coop4j.data.bank.BankedImages;
import org.coop4j.run.TrainRun;
import org.coop4j.train.Trainable;
import org.coop4j.train.Training;

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
        this.step = (run.work() - run.effort().encoding()) / Math.max(1, run.effort().steps());
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
                        first ? run.effort().encoding() : 0,
                        first ? 0 : encoded);
        if (first) {
            encoding = next;
        }
        return next;
    }

    @Override
    public void training(int epoch, Training training, int batches, long stepBytes) {
        encoded = encoding.work();
        firstEpoch = epoch;
        epochs = training.epochs();
        long left = (long) (epochs - epoch) * batches;
        progress.adjust((left - run.effort().steps()) * step);
    }

    @Override
    public void progress(String what, long done, long total) {
        double before = encoding == null ? 0 : encoding.work();
        progress.done(before + (run.work() - before) * done / total, what);
    }

    @Override
    public void batch(
            int epoch, int batch, int batches, double rate, Trainable.BatchResult result) {
        long done = (long) (epoch - firstEpoch) * batches + batch + 1;
        progress.done(encoded + done * step, "epoch %d of %d".formatted(epoch + 1, epochs));
    }
}
