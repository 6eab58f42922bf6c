package org.coop4j.clip;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.coop4j.base.RefusedException;
import org.coop4j.base.Require;
import org.coop4j.graph.host.Workers;

/**
 * Limit of the native memory for the intermediate values of a training step.
 *
 * @param bytes the limit
 */
public record MemoryLimit(long bytes) {

    public MemoryLimit {
        Require.that(bytes >= 1, "memory limit: expected 1 byte or more, got %s", bytes);
    }

    /** Returns a limit that is never reached. */
    public static MemoryLimit none() {
        return new MemoryLimit(Long.MAX_VALUE);
    }

    /** Consecutive classes, {@code to} excluded. */
    record Range(int from, int to) {

        private static Range of(int classes, int chunk, int count) {
            return new Range(Workers.start(classes, chunk, count), Workers.start(classes, chunk + 1, count));
        }
    }

    /**
     * Plans classes in as few chunks of about equal size as the limit allows. The plans are bound to shared memory and
     * run one after another.
     *
     * @param plan plans the classes of a range
     * @throws RefusedException if one class alone needs more than the limit
     */
    List<StepPlan> inChunks(int classes, Function<Range, StepPlan> plan) {
        int count = 1;
        while (true) {
            List<StepPlan> chunks = new ArrayList<>();
            long largest = 0;
            // Single classes are all planned, so that the message says how much memory is enough.
            for (int i = 0; i < count && (largest <= bytes || count == classes); i++) {
                StepPlan chunk = plan.apply(Range.of(classes, i, count));
                largest = Math.max(largest, chunk.bytes());
                if (largest <= bytes) {
                    chunks.add(chunk);
                } else {
                    chunk.close();
                }
            }
            if (largest <= bytes) {
                return StepPlan.bind(chunks);
            }
            chunks.forEach(StepPlan::close);
            if (count == classes) {
                throw exceeded("class", largest);
            }
            long wanted = count * ((largest - 1) / bytes + 1);
            count = (int) Math.min(classes, Math.max(count + 1L, wanted));
        }
    }

    /**
     * Returns the error of a step that does not fit.
     *
     * @param what the part that cannot be divided, a class or an image
     */
    RefusedException exceeded(String what, long needed) {
        return new RefusedException(
                "one %s alone needs %d kB for intermediate values, more than the limit of %d kB: allow more"
                        .formatted(what, kilobytes(needed), kilobytes(bytes)));
    }

    private static long kilobytes(long bytes) {
        return (bytes + 1023) >> 10;
    }
}
