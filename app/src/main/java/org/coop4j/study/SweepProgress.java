package org.coop4j.study;

import java.util.Locale;
import java.util.function.Consumer;
import org.coop4j.base.CountedTask;
import org.coop4j.base.Progress;
import org.coop4j.study.Sweep.SweepListener;

/** Adds up the work of a sweep's parts, each of which turns out to be more or less than was estimated. */
final class SweepProgress {

    private final SweepListener listener;
    private double total;
    private double before;
    private double planned;
    private double done;

    /**
     * @param total estimate of all work that is left
     */
    SweepProgress(SweepListener listener, double total) {
        this.listener = listener;
        this.total = total;
    }

    /** A part of the work begins. */
    void begin(double estimate, String what) {
        planned = estimate;
        done = 0;
        report(what);
    }

    /** The part is over: all of it was done, or what is left of it will not be. */
    void end(boolean whole) {
        if (whole) {
            done = planned;
        }
        total += done - planned;
        before += done;
        planned = 0;
        done = 0;
    }

    private void report(String what) {
        listener.progress(before + done, Math.max(total, before + done), what);
    }

    /** The part is so much more than was estimated; less if negative. */
    private void adjust(double more) {
        planned += more;
        total += more;
    }

    /**
     * Counts the tasks of a part of a sweep as work: images that are encoded, steps of training, fits. What a task turns
     * out to have corrects what was planned for it.
     */
    final class Part implements Progress {

        private final Consumer<String> notes;
        private final String dataset;
        private final double image;
        private final double step;
        private double encoding;
        private double learning;
        private double over;

        /**
         * @param notes takes what is wrong
         * @param dataset what the part is about
         * @param image work of an image
         * @param encoding work that was planned for images
         * @param learning work that was planned for all else
         * @param steps among which that is divided
         */
        Part(Consumer<String> notes, String dataset, double image, double encoding, double learning, long steps) {
            this.notes = notes;
            this.dataset = dataset;
            this.image = image;
            this.step = learning / Math.max(1, steps);
            this.encoding = encoding;
            this.learning = learning;
        }

        /** How a run goes on is no matter of the sweep. */
        @Override
        public void note(String message) {}

        @Override
        public void warn(String message) {
            notes.accept(dataset + ": " + message);
        }

        @Override
        public Task task(String name, long count, Unit unit) {
            boolean images = unit == Unit.IMAGES;
            adjust((images ? count * image : 0) - encoding); // where there are none, all were in the bank
            encoding = 0;
            if (unit == Unit.STEPS) {
                adjust(count * step - learning);
                learning = count * step;
            }
            double each = images ? image : learning / Math.max(1, count);
            return new CountedTask(count) {

                @Override
                protected void advanced(long more) {
                    done = Math.min(over + done() * each, planned);
                    report(
                            images
                                    ? String.format(Locale.ROOT, "%s, %,d of %,d", name, done(), total())
                                    : detail().isEmpty() ? name : detail());
                }

                @Override
                public void close() {
                    over += done() * each;
                }
            };
        }
    }
}
