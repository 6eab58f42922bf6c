package org.coop4j.clip;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import org.coop4j.graph.Arena;

/**
 * Plans that run one after another in the memory that the largest needs: those of the classes'
 * prompts chunk by chunk, or a single one.
 *
 * @param arena null where there are none
 */
record Chunks(List<StepPlan> plans, Arena arena) implements AutoCloseable {

    static Chunks none() {
        return new Chunks(List.of(), null);
    }

    /** One plan in memory of its own. */
    static Chunks of(StepPlan.Draft draft) {
        Arena arena = Arena.of(List.of(draft.draft()));
        return new Chunks(List.of(draft.bind(arena)), arena);
    }

    /**
     * As few chunks of about one size as the limit allows.
     *
     * @param classes number of classes
     * @param draft plans the classes of a range
     * @throws MemoryLimitException if one class alone needs more than the limit
     */
    static Chunks within(MemoryLimit memory, int classes, Function<Range, StepPlan.Draft> draft) {
        int count = 1;
        while (true) {
            List<StepPlan.Draft> drafts = new ArrayList<>();
            long largest = 0;
            for (int chunk = 0; chunk < count && largest <= memory.bytes(); chunk++) {
                drafts.add(draft.apply(Range.of(classes, chunk, count)));
                largest = Math.max(largest, drafts.get(chunk).bytes());
            }
            if (largest <= memory.bytes()) {
                Arena arena = Arena.of(drafts.stream().map(StepPlan.Draft::draft).toList());
                return new Chunks(drafts.stream().map(d -> d.bind(arena)).toList(), arena);
            }
            drafts.forEach(d -> d.graph().close());
            if (count == classes) {
                throw new MemoryLimitException(
                        largest(drafts.size(), largest, classes, draft), memory);
            }
            long wanted = count * ((largest - 1) / memory.bytes() + 1);
            count = (int) Math.min(classes, Math.max(count + 1L, wanted));
        }
    }

    /** What the class with the longest prompt needs, of which the first {@code known} are known. */
    private static long largest(
            int known, long largest, int classes, Function<Range, StepPlan.Draft> draft) {
        long most = largest;
        for (int one = known; one < classes; one++) {
            StepPlan.Draft alone = draft.apply(Range.of(classes, one, classes));
            most = Math.max(most, alone.bytes());
            alone.graph().close();
        }
        return most;
    }

    /** The classes from {@code from} up to but not {@code to}. */
    record Range(int from, int to) {

        static Range of(int classes, int chunk, int count) {
            return new Range(
                    (int) ((long) classes * chunk / count),
                    (int) ((long) classes * (chunk + 1) / count));
        }
    }

    void forEach(Consumer<StepPlan> action) {
        plans.forEach(action);
    }

    int size() {
        return plans.size();
    }

    @Override
    public void close() {
        plans.forEach(StepPlan::close);
        if (arena != null) {
            arena.close();
        }
    }
}
