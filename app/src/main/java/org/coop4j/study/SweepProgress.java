package org.coop4j.study;

import java.util.Locale;
import java.util.function.Consumer;
import org.coop4j.base.Progress;
import org.coop4j.base.Progress.CountedTask;
import org.coop4j.study.Sweep.SweepListener;
import org.coop4j.study.SweepRun.Work;

/** Adds up the work of a sweep's parts, each of which turns out to be more or less than was estimated. */
final class SweepProgress {

    private final SweepListener listener;
    private final Consumer<String> warnings;
    private final double image;
    private double total;
    private double done;
    private double begin;
    private double end;

    /**
     * Starts with nothing done.
     *
     * @param image work of encoding an image
     * @param total estimate of all work that is left
     */
    SweepProgress(SweepListener listener, Consumer<String> warnings, double image, double total) {
        this.listener = listener;
        this.warnings = warnings;
        this.image = image;
        this.total = total;
    }

    /** Begins a part of the work. */
    void begin(double estimate, String name) {
        begin = done;
        end = done + estimate;
        report(name);
    }

    /** Ends the part: all of it was done, or the rest of it will not be. */
    void end(boolean whole) {
        if (whole) {
            done = end;
        }
        total += done - end;
    }

    private void report(String doing) {
        listener.progress(done, Math.max(total, done), doing);
    }

    /**
     * Counts the tasks of a part of a sweep as work: images that are encoded, steps of training, fits. The real number of
     * images corrects its estimate.
     */
    final class Part implements Progress {

        private final String dataset;
        private double encoding;
        private final double learning;
        private double over;

        /**
         * Starts the part that {@link #begin} announced.
         *
         * @param dataset named by warnings
         * @param work estimates
         */
        Part(String dataset, Work work) {
            this.dataset = dataset;
            this.encoding = work.encoding();
            this.learning = work.total() - encoding;
        }

        /** Does nothing: a note on how a run continues does not concern the sweep. */
        @Override
        public void note(String message) {}

        @Override
        public void warn(String message) {
            warnings.accept(dataset + ": " + message);
        }

        @Override
        public Task task(String name, long count, Unit unit) {
            boolean images = unit == Unit.IMAGES;
            double more = (images ? count * image : 0) - encoding; // where there are none, all were in the bank
            encoding = 0;
            end += more;
            total += more;
            double each = images ? image : learning / Math.max(1, count);
            return new CountedTask(count) {

                @Override
                protected void advanced(long more) {
                    done = Math.min(begin + over + done() * each, end);
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
