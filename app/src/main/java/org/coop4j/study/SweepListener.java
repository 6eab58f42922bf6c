package org.coop4j.study;

import java.util.List;
import java.util.Map;
import org.coop4j.run.RunResult;

/** What the user sees of a sweep. */
public interface SweepListener {

    /** Something that the user should know; the same is said once. */
    default void note(String message) {}

    /**
     * The sweep begins.
     *
     * @param runs all runs, in order
     * @param finished the results of those that are finished already
     */
    default void begins(List<SweepRun> runs, Map<SweepRun, RunResult> finished) {}

    /** A run begins. */
    default void started(SweepRun run) {}

    /**
     * How far it has come; called often.
     *
     * @param done work that is done of what was left at the beginning
     * @param total all of that work, as it is estimated now
     * @param what what is being done
     */
    default void progress(double done, double total, String what) {}

    /** A run has its result. */
    default void finished(SweepRun run, RunResult result) {}

    /** A run has no result; the others go on. */
    default void failed(SweepRun run, String message) {}

    /** A listener that shows nothing. */
    static SweepListener silent() {
        return new SweepListener() {};
    }
}
