package org.coop4j.study;

import java.io.IOException;
import java.util.List;

/** A plan that cannot be carried out; each problem says where it is and what would be right. */
public final class PlanException extends IOException {

    private static final long serialVersionUID = 1L;

    private final transient List<String> problems;

    PlanException(String message) {
        super(message);
        problems = List.of(message);
    }

    PlanException(String message, Throwable cause) {
        super(message, cause);
        problems = List.of(message);
    }

    /** Several problems. */
    PlanException(List<String> problems) {
        super(String.join("; ", problems));
        this.problems = List.copyOf(problems);
    }

    /** All problems, a sentence each. */
    public List<String> problems() {
        return problems;
    }
}
