package org.coop4j.weights.convert;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.coop4j.weights.DType;
import org.coop4j.weights.Shape;
import org.coop4j.weights.TensorSpec;
import org.coop4j.weights.TensorView;
import org.coop4j.base.InputException;

/**
 * A tensor of the converted model: one of the source, or several stacked along the first dimension
 * (queries, keys and values).
 *
 * @param parts in stacking order, at least one
 */
record SourceTensor(List<TensorView> parts) {
    SourceTensor {
        parts = List.copyOf(parts);
    }

    static SourceTensor of(TensorView view) {
        return new SourceTensor(List.of(view));
    }

    DType dtype() {
        return parts.get(0).dtype();
    }

    /** The stacked shape. */
    Shape shape() throws InputException {
        Shape first = parts.get(0).shape();
        if (parts.size() == 1) {
            return first;
        }
        List<Long> dims = new ArrayList<>(first.dims());
        for (TensorView part : parts) {
            if (!part.shape().equals(first) || part.dtype() != dtype() || first.rank() == 0) {
                throw new InputException("cannot stack %s on %s".formatted(part, parts.get(0)));
            }
        }
        dims.set(0, dims.get(0) * parts.size());
        return new Shape(dims);
    }

    TensorSpec spec(String name) throws InputException {
        return new TensorSpec(name, dtype(), shape());
    }

    void forEachChunk(TensorView.ChunkConsumer consumer) throws IOException {
        for (TensorView part : parts) {
            part.forEachChunk(consumer);
        }
    }
}
