package org.coop4j.cli;

import java.util.Locale;
import org.coop4j.cli.console.Console;
import org.coop4j.cli.console.EncodingProgress;
import org.coop4j.data.bank.BankedImages;
import org.coop4j.eval.Numbers;
import org.coop4j.run.TrainRun;
import org.coop4j.train.Checkpoint;
import org.coop4j.train.Trainable;
import org.coop4j.train.Training;
import org.coop4j.weights.Progress;

/** Shows a training run: the bank's progress, then one line that says how the training goes. */
final class TrainDisplay implements TrainRun.Listener, AutoCloseable {

    private final Console console;
    private EncodingProgress encoding;
    private Progress.Task task;
    private Training training;
    private int batches;
    private int firstEpoch;

    TrainDisplay(Console console) {
        this.console = console;
    }

    @Override
    public void note(String message) {
        console.note(message);
    }

    @Override
    public BankedImages.Listener encoding(String what) {
        close();
        encoding = new EncodingProgress(console, what);
        return encoding;
    }

    @Override
    public void training(int epoch, Training newTraining, int newBatches, long stepBytes) {
        close();
        training = newTraining;
        batches = newBatches;
        firstEpoch = epoch;
        if (epoch > 0) {
            console.note(
                    epoch < training.epochs()
                            ? "going on after epoch " + epoch + " of " + training.epochs()
                            : "all " + epoch + " epochs are done");
        }
        console.note("a step needs " + Numbers.bytes(stepBytes) + " for intermediate values");
        long steps = (long) (training.epochs() - epoch) * batches;
        task = console.task("training", steps, Progress.Unit.STEPS);
    }

    @Override
    public void progress(String what, long done, long total) {
        if (task == null) {
            task = console.task("learning", total, Progress.Unit.FITS);
        }
        task.advanceTo(done);
        if (done == total) {
            close();
        }
    }

    @Override
    public void batch(
            int epoch, int batch, int ofEpoch, double rate, Trainable.BatchResult result) {
        task.detail(
                String.format(
                        Locale.ROOT,
                        "epoch %d/%d  loss %.4f  accuracy %.0f %%  rate %.2e",
                        epoch + 1,
                        training.epochs(),
                        result.loss(),
                        100 * result.accuracy(),
                        rate));
        long done = (long) (epoch - firstEpoch) * batches + batch + 1;
        task.advanceTo(done);
    }

    @Override
    public void epoch(int epoch, double loss, double accuracy, double rate, Checkpoint checkpoint) {
        if (epoch + 1 == training.epochs()) {
            close();
        }
    }

    @Override
    public void close() {
        if (encoding != null) {
            encoding.close();
        }
        if (task != null) {
            task.close();
            task = null;
        }
    }
}
