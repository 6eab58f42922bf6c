package org.coop4j.graph;

import org.coop4j.graph.MemoryPlan.Slot;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.shape.Shape;

/**
 * A variable of a graph as a plan sees it: a constant or variable, whose array is known, a
 * placeholder, whose array comes with the plan's memory, or a dense array in the arena.
 *
 * @param array the array of a constant or variable, else null
 * @param placeholder the placeholder whose array it shows, else null
 * @param slot memory in the arena, shared by its views, else null
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record PlanValue(long[] shape, DataType type, INDArray array, String placeholder, Slot slot) {

    static PlanValue of(INDArray array) {
        return new PlanValue(array.shape(), array.dataType(), array, null, null);
    }

    long length() {
        long length = 1;
        for (long size : shape) {
            length *= size;
        }
        return length;
    }

    /** Whether a reshape is a view that sees later changes: a transposed array is copied. */
    boolean isReshapedInPlace() {
        return array == null || (array.ordering() == 'c' && Shape.hasDefaultStridesForShape(array));
    }

    PlanValue reshaped(long[] newShape) {
        INDArray view = array == null ? null : array.reshape('c', newShape);
        return new PlanValue(newShape, type, view, placeholder, slot);
    }
}
