package org.coop4j.graph;

import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import org.coop4j.graph.host.Precision;
import org.junit.jupiter.api.condition.EnabledIf;

/** Skips tests of bfloat16 where this process cannot compute with it; {@code host.PrecisionTest} has the refusal. */
@Retention(RetentionPolicy.RUNTIME)
@EnabledIf(
        value = "org.coop4j.graph.RequiresBfloat16$Condition#isMet",
        disabledReason = "no bfloat16 instructions, or no oneDNN")
public @interface RequiresBfloat16 {

    /** The condition itself. */
    final class Condition {

        private Condition() {}

        static boolean isMet() {
            return Precision.BFLOAT16.obstacle().isEmpty();
        }
    }
}
