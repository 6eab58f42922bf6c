package org.coop4j.study;

import java.util.Optional;
import org.coop4j.run.RunResult;

/**
 * What a sweep's folder holds of a run.
 *
 * @param status how far it is
 * @param result its result, if it is finished
 * @param failure why it failed, if it did
 */
public record RunState(Status status, Optional<RunResult> result, Optional<String> failure) {

    /** How far a run is. */
    public enum Status {
        /** Nothing is there. */
        NEW,
        /** It was begun, and goes on from what is there. */
        BEGUN,
        /** It failed, and is tried again. */
        FAILED,
        /** It has its result. */
        FINISHED
    }

    static RunState of(Status status) {
        return new RunState(status, Optional.empty(), Optional.empty());
    }

    static RunState failed(String message) {
        return new RunState(Status.FAILED, Optional.empty(), Optional.of(message));
    }
}
