package org.coop4j.cli.console;

import java.io.IOException;
import java.nio.file.Path;
import org.coop4j.data.bank.BankedImages;

/** Shows the filling of the feature bank; unreadable images are named as they are found. */
public final class EncodingProgress implements BankedImages.Listener {

    private final Console console;
    private final String what;
    private Progress progress;

    public EncodingProgress(Console console, String what) {
        this.console = console;
        this.what = what;
    }

    @Override
    public void progress(int done, int total) {
        if (done == total) {
            close();
        } else {
            if (progress == null) {
                progress = Progress.of(console, "encoding " + what, Progress.Unit.IMAGES);
            }
            progress.update(done, total);
        }
    }

    @Override
    public void unreadable(Path file, IOException problem) {
        close();
        console.note("coop: " + problem.getMessage());
    }

    public void close() {
        if (progress != null) {
            progress.close();
            progress = null;
        }
    }
}
