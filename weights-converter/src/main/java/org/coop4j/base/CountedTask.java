package org.coop4j.base;

/** A task that knows how far it has come. */
public abstract class CountedTask implements Progress.Task {

    private long total;
    private long done;
    private String detail = "";

    protected CountedTask(long total) {
        this.total = total;
    }

    /** How much is done. */
    public final long done() {
        return done;
    }

    /** How much there is to do. */
    public final long total() {
        return total;
    }

    /** The words beside the numbers; empty at first. */
    public final String detail() {
        return detail;
    }

    /** So much more is done than before. */
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
