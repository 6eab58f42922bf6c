package org.coop4j.cli;

import java.util.Locale;
import org.coop4j.cli.console.Console;
import org.coop4j.cli.console.EncodingProgress;
import org.coop4j.cli.console.Numbers;
import org.coop4j.cli.console.Progress;
import org.coop4j.data.bank.BankedImages;
import org.coop4j.run.TrainConfig;
import org.coop4j.run.TrainRun;
import org.coop4j.train.Checkpoint;
import org.coop4j.train.Trainable;

/** Shows a training run: the bank's progress, then one line that says how the training goes. */
final class TrainDisplay implements TrainRun.Listener, AutoCloseable {

    private final Console console;
    private EncodingProgress encoding;
    private Progress progress;
    private TrainConfig config;
    private int batches;
    private int firstEpoch;

    TrainDisplay(Console console) {
        this.console = console;
    }

    @Override
    public void note(String message) {
        console.info(message);
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
            console.info(
                    epoch < config.epochs()
                            ? "going on after epoch " + epoch + " of " + config.epochs()
                            : "all " + epoch + " epochs are done");
        }
        console.info("a step needs " + Numbers.bytes(stepBytes) + " for intermediate values");
        progress = Progress.of(console, "training", Progress.Unit.STEPS);
    }

    @Override
    public void batch(int epoch, int batch, int ofEpoch, Trainable.BatchResult result) {
        progress.detail(
                String.format(
                        Locale.ROOT,
                        "epoch %d/%d  loss %.4f  accuracy %.0f %%  rate %.2e",
                        epoch + 1,
                        config.epochs(),
                        result.loss(),
                        100 * result.accuracy(),
                        config.rateOf(epoch)));
        long done = (long) (epoch - firstEpoch) * batches + batch + 1;
        progress.update(done, (long) (config.epochs() - firstEpoch) * batches);
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
        if (progress != null) {
            progress.close();
            progress = null;
        }
    }
}
