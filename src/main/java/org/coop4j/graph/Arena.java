package org.coop4j.graph;

import java.util.Collection;
import java.util.EnumMap;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Native memory for the intermediate values of plans that run one after another; closed after the
 * last of them.
 */
public final class Arena implements AutoCloseable {

    private final Map<DataType, INDArray> arrays = new EnumMap<>(DataType.class);

    private Arena() {}

    /** Memory that is enough for each of these plans. */
    public static Arena of(Collection<PlanDraft> drafts) {
        Map<DataType, Long> lengths = new EnumMap<>(DataType.class);
        for (PlanDraft draft : drafts) {
            draft.lengths().forEach((type, length) -> lengths.merge(type, length, Math::max));
        }
        Arena arena = new Arena();
        lengths.forEach(
                (type, length) -> arena.arrays.put(type, Nd4j.createUninitialized(type, length)));
        return arena;
    }

    /** Frees all of it. */
    @Override
    public void close() {
        arrays.values().forEach(INDArray::close);
    }

    INDArray array(DataType type) {
        return arrays.get(type);
    }

    /** Bytes of all of it. */
    public long bytes() {
        return arrays.values().stream().mapToLong(a -> a.length() * a.dataType().width()).sum();
    }
}
