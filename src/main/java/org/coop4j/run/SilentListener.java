package org.coop4j.run;

import java.io.IOException;
import java.nio.file.Path;
import org.coop4j.data.bank.BankedImages;
import org.coop4j.train.Training;

/** Follows a training run without showing anything. */
final class SilentListener implements TrainRun.Listener, BankedImages.Listener {

    @Override
    public void note(String message) {}

    @Override
    public BankedImages.Listener encoding(String what) {
        return this;
    }

    @Override
    public void training(int epoch, Training training, int batches, long stepBytes) {}

    @Override
    public void progress(String what, long done, long total) {}

    @Override
    public void progress(int done, int total) {}

    @Override
    public void unreadable(Path file, IOException problem) {}
}
