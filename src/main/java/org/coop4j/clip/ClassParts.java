package org.coop4j.clip;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import org.coop4j.graph.Arena;
import org.coop4j.graph.ExecutionPlan;
import org.coop4j.graph.PlanDraft;
import org.coop4j.graph.host.HostMatrix;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The classes cut into parts, each with a plan, all in the memory that the largest needs.
 *
 * <p>The result does not depend on the parts: classes meet only in the logits, and the context's
 * gradient is a sum over classes.
 */
final class ClassParts {

    private final List<Part> parts;
    private final long bytes;

    /**
     * A run of classes.
     *
     * @param first the first class
     * @param prompts their prompts
     * @param plan the plan for them
     */
    record Part(int first, PackedPrompts prompts, ExecutionPlan plan) {

        /** Copies rows that are in the order of the sequences to the rows of their classes. */
        void readByClass(INDArray bySequence, float[] byClass) {
            HostMatrix matrix = HostMatrix.of(bySequence);
            int[] sequences = prompts.sequenceOfPrompt();
            float[] row = new float[matrix.cols()];
            for (int i = 0; i < sequences.length; i++) {
                matrix.getRow(sequences[i], row);
                System.arraycopy(row, 0, byClass, (first + i) * row.length, row.length);
            }
        }

        /** The reverse of {@link #readByClass}. */
        void writeBySequence(HostMatrix byClass, INDArray bySequence) {
            HostMatrix matrix = HostMatrix.of(bySequence);
            int[] sequences = prompts.sequenceOfPrompt();
            float[] row = new float[matrix.cols()];
            for (int i = 0; i < sequences.length; i++) {
                byClass.getRow(first + i, row);
                matrix.putRow(sequences[i], row);
            }
        }
    }

    private ClassParts(List<Part> parts, long bytes) {
        this.parts = parts;
        this.bytes = bytes;
    }

    /**
     * As few parts of about one size as the limit allows.
     *
     * @param draft makes the plan of a part
     * @throws MemoryLimitException if one class alone needs more than the limit
     */
    static ClassParts within(
            MemoryLimit memory,
            List<int[]> prompts,
            PromptGraphs graphs,
            BiFunction<PromptGraphs, PackedPrompts, PlanDraft> draft) {
        int count = 1;
        while (true) {
            List<PackedPrompts> packed = new ArrayList<>();
            List<PlanDraft> drafts = new ArrayList<>();
            long largest = 0;
            for (int part = 0; part < count && largest <= memory.bytes(); part++) {
                packed.add(graphs.pack(range(prompts, part, count)));
                drafts.add(draft.apply(graphs, packed.get(part)));
                largest = Math.max(largest, drafts.get(part).bytes());
            }
            if (largest <= memory.bytes()) {
                return bind(packed, drafts);
            }
            if (count == prompts.size()) {
                throw new MemoryLimitException(largest, memory);
            }
            long wanted = count * ((largest - 1) / memory.bytes() + 1);
            count = (int) Math.min(prompts.size(), Math.max(count + 1L, wanted));
        }
    }

    private static List<int[]> range(List<int[]> prompts, int part, int count) {
        int from = (int) ((long) prompts.size() * part / count);
        int to = (int) ((long) prompts.size() * (part + 1) / count);
        return prompts.subList(from, to);
    }

    private static ClassParts bind(List<PackedPrompts> packed, List<PlanDraft> drafts) {
        Arena arena = Arena.of(drafts);
        List<Part> parts = new ArrayList<>();
        int first = 0;
        for (int i = 0; i < drafts.size(); i++) {
            parts.add(new Part(first, packed.get(i), drafts.get(i).bind(arena)));
            first += packed.get(i).layout().sequences();
        }
        return new ClassParts(parts, arena.bytes());
    }

    void forEach(Consumer<Part> action) {
        parts.forEach(action);
    }

    int size() {
        return parts.size();
    }

    long bytes() {
        return bytes;
    }

    long flops() {
        return parts.stream().mapToLong(part -> part.plan.flops()).sum();
    }
}
