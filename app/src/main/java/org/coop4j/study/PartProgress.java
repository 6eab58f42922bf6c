package org.coop4j.study;

import java.util.Locale;
import java.util.function.Consumer;
import org.coop4j.base.CountedTask;
import org.coop4j.base.Progress;

/**
 * Counts the tasks of a part of a sweep as work: images that are encoded, steps of training, fits.
 * What a task turns out to have corrects what was planned for it.
 */
final class PartProgress implements Progress {

    private final SweepProgress progress;
    private final Consumer<String> notes;
    private final String what;
    private final double image;
    private final double step;
    private double encoding;
    private double learning;
    private double before;

    /**
     * @param notes takes what is wrong
     * @param what what the part is about, or empty
     * @param image work of an image
     * @param step work of a step
     * @param encoding work that was planned for images
     * @param learning work that was planned for all else
     */
    PartProgress(
            SweepProgress progress,
            Consumer<String> notes,
            String what,
            double image,
            double step,
            double encoding,
            double learning) {
        this.progress = progress;
        this.notes = notes;
        this.what = what;
        this.image = image;
        this.step = step;
        this.encoding = encoding;
        this.learning = learning;
    }

    /** How a run goes on is no matter of the sweep. */
    @Override
    public void note(String message) {}

    @Override
    public void warn(String message) {
        notes.accept(what + ": " + message);
    }

    @Override
    public Task task(String name, long total, Unit unit) {
        if (unit == Unit.IMAGES) {
            progress.adjust(total * image - encoding);
            encoding = 0;
            return new Part(name, total, image, true);
        }
        progress.adjust(-encoding); // all images were in the bank
        encoding = 0;
        if (unit == Unit.STEPS) {
            progress.adjust(total * step - learning);
            learning = total * step;
        }
        return new Part(name, total, learning / Math.max(1, total), false);
    }

    private final class Part extends CountedTask {

        private final String name;
        private final boolean counted;
        private final double each;

        Part(String name, long total, double each, boolean counted) {
            super(total);
            this.name = name;
            this.each = each;
            this.counted = counted;
        }

        @Override
        protected void advanced(long more) {
            String how =
                    counted
                            ? String.format(Locale.ROOT, "%s, %,d of %,d", name, done(), total())
                            : detail().isEmpty() ? name : detail();
            progress.done(before + done() * each, how);
        }

        @Override
        public void close() {
            before += done() * each;
        }
    }
}
