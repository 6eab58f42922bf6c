package org.coop4j.cli.console;

import java.io.IOException;
import java.nio.file.Path;
import org.coop4j.data.bank.BankedImages;
import org.coop4j.weights.Progress;

/** Shows the filling of the feature bank; unreadable images are named as they are found. */
public final class EncodingProgress implements BankedImages.Listener, AutoCloseable {

    private final Console console;
    private final String what;
    private Progress.Task task;

    public EncodingProgress(Console console, String what) {
        this.console = console;
        this.what = what;
    }

    @Override
    public void progress(int done, int total) {
        if (done == total) {
            close();
        } else {
            if (task == null) {
                task = console.task("encoding " + what, total, Progress.Unit.IMAGES);
            }
            task.advanceTo(done);
        }
    }

    @Override
    public void unreadable(Path file, IOException problem) {
        close();
        console.warn(problem.getMessage());
    }

    @Override
    public void close() {
        if (task != null) {
            task.close();
            task = null;
        }
    }
}
