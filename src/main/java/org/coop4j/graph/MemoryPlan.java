package org.coop4j.graph;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.coop4j.graph.host.NativeMemory;

/**
 * Places of a plan's values in an arena, in which values share memory if their lives do not overlap.
 *
 * <p>Greedy by size: the largest first, each at the lowest offset where no value placed before is alive at the same
 * time.
 */
final class MemoryPlan {

    /** Floats of a cache line. */
    private static final long ALIGNMENT = NativeMemory.LINE / Float.BYTES;

    /** A value that needs memory from step {@code first} to step {@code last}, both included. */
    static final class Slot {
        final long length;
        final int first;
        int last;
        long offset = -1;

        /** True if the value must survive from run to run. */
        boolean kept;

        Slot(long length, int first) {
            this.length = length;
            this.first = first;
            this.last = first;
        }

        private boolean livesWith(Slot other) {
            return first <= other.last && other.first <= last;
        }
    }

    private MemoryPlan() {}

    /**
     * Sets the offset of every slot.
     *
     * @return the arena's length in elements
     */
    static long place(List<Slot> slots) {
        List<Slot> bySize = new ArrayList<>(slots);
        bySize.sort(Comparator.comparingLong((Slot s) -> s.length).reversed());
        List<Slot> placed = new ArrayList<>();
        long end = 0;
        for (Slot slot : bySize) {
            slot.offset = lowestFreeOffset(slot, placed);
            end = Math.max(end, slot.offset + aligned(slot.length));
            placed.add(slot);
            placed.sort(Comparator.comparingLong(s -> s.offset));
        }
        return end;
    }

    /** Returns the lowest offset with room between the arrays of {@code placed}, which is sorted by offset. */
    private static long lowestFreeOffset(Slot slot, List<Slot> placed) {
        long offset = 0;
        for (Slot other : placed) {
            if (!slot.livesWith(other)) {
                continue;
            }
            if (offset + aligned(slot.length) <= other.offset) {
                return offset;
            }
            offset = Math.max(offset, other.offset + aligned(other.length));
        }
        return offset;
    }

    private static long aligned(long length) {
        return (length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
}
