package org.coop4j.study;

/**
 * Adds up the work of a sweep's parts, each of which turns out to be more or less than was
 * estimated.
 */
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

    /** The part is so much more than was estimated; less if negative. */
    void adjust(double more) {
        planned += more;
        total += more;
    }

    /** So much of the part is done. */
    void done(double work, String what) {
        done = Math.min(work, planned);
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
}
