package org.coop4j.cli;

import java.util.Locale;
import org.coop4j.cli.console.Console;
import org.coop4j.cli.console.EncodingProgress;
import org.coop4j.data.bank.BankedImages;
import org.coop4j.eval.Numbers;
import org.coop4j.run.TrainConfig;
import org.coop4j.run.TrainRun;
import org.coop4j.train.Checkpoint;
import org.coop4j.train.Trainable;
import org.coop4j.weights.Progress;

/** Shows a training run: the bank's progress, then one line that says how the training goes. */
final class TrainDisplay implements TrainRun.Listener, AutoCloseable {

    private final Console console;
    private EncodingProgress encoding;
    private Progress.Task task;
    private TrainConfig config;
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
    public void training(int epoch, TrainConfig newConfig, int newBatches, long stepBytes) {
        close();
        config = newConfig;
        batches = newBatches;
        firstEpoch = epoch;
        if (epoch > 0) {
            console.note(
                    epoch < config.epochs()
                            ? "going on after epoch " + epoch + " of " + config.epochs()
                            : "all " + epoch + " epochs are done");
        }
        console.note("a step needs " + Numbers.bytes(stepBytes) + " for intermediate values");
        long steps = (long) (config.epochs() - epoch) * batches;
        task = console.task("training", steps, Progress.Unit.STEPS);
    }

    @Override
    public void batch(int epoch, int batch, int ofEpoch, Trainable.BatchResult result) {
        task.detail(
                String.format(
                        Locale.ROOT,
                        "epoch %d/%d  loss %.4f  accuracy %.0f %%  rate %.2e",
                        epoch + 1,
                        config.epochs(),
                        result.loss(),
                        100 * result.accuracy(),
                        config.rateOf(epoch)));
        long done = (long) (epoch - firstEpoch) * batches + batch + 1;
        task.advanceTo(done);
    }

    @Override
    public void epoch(int epoch, double loss, double accuracy, double rate, Checkpoint checkpoint) {
        if (epoch + 1 == config.epochs()) {
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
