package org.coop4j.sweep;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.function.Consumer;
import org.coop4j.data.bank.BankedImages;

/** Counts the encoding of images as work; what the bank has already was no work. */
final class Encoding implements BankedImages.Listener {

    private final SweepProgress progress;
    private final Consumer<String> notes;
    private final String what;
    private final double image;
    private final double estimate;
    private final double before;
    private boolean begun;
    private int inBank;
    private double work;

    /**
     * @param notes takes what is wrong with an image
     * @param image work of an image
     * @param estimate what was planned for it
     * @param before work of the same part that was done before it
     */
    Encoding(
            SweepProgress progress,
            Consumer<String> notes,
            String what,
            double image,
            double estimate,
            double before) {
        this.progress = progress;
        this.notes = notes;
        this.what = what;
        this.image = image;
        this.estimate = estimate;
        this.before = before;
    }

    @Override
    public void progress(int done, int total) {
        if (!begun) {
            begun = true;
            inBank = done;
            work = (total - done) * image;
            progress.adjust(work - estimate);
        }
        progress.done(
                before + (done - inBank) * image,
                String.format(Locale.ROOT, "encoding %s, %,d of %,d", what, done, total));
    }

    @Override
    public void unreadable(Path file, IOException problem) {
        notes.accept(problem.getMessage());
    }

    /** The work that it was, once it is over. */
    double work() {
        return begun ? work : estimate;
    }
}
