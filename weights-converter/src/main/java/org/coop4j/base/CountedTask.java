package org.coop4j.base;

/** A task that counts the amount done. */
public abstract class CountedTask implements Progress.Task {

    private long total;
    private long done;
    private String detail = "";

    protected CountedTask(long total) {
        this.total = total;
    }

    /** Amount done. */
    public final long done() {
        return done;
    }

    /** Total amount. */
    public final long total() {
        return total;
    }

    /** Words beside the numbers; initially empty. */
    public final String detail() {
        return detail;
    }

    /** Called when {@code more} was added to the amount done. */
    protected abstract void advanced(long more);

    @Override
    public final void advance(long more) {
        advanceTo(done + more);
    }

    @Override
    public final void advanceTo(long newDone) {
        long before = done;
        done = newDone;
        advanced(newDone - before);
    }

    @Override
    public final void total(long newTotal) {
        total = newTotal;
    }

    @Override
    public void detail(String text) {
        detail = text;
    }

    @Override
    public void close() {}
}
