package org.coop4j.weights.torch;

import java.io.IOException;
import java.util.Optional;
import org.coop4j.base.InputException;
import org.coop4j.weights.DType;
import org.coop4j.weights.Shape;
import org.coop4j.weights.TensorView;

/**
 * A tensor met in a PyTorch file: where its elements lie, not yet read. Two are equal only if they
 * are the same object of the pickle.
 */
public final class TorchTensor {
    private final Storage storage;
    private final Optional<DType> dtype;
    private final Shape shape;
    private final long offset;
    private final long[] strides;

    TorchTensor(Storage storage, Optional<DType> dtype, Shape shape, long offset, long... strides) {
        this.storage = storage;
        this.dtype = dtype;
        this.shape = shape;
        this.offset = offset;
        this.strides = strides;
    }

    /** Element type; empty when it has none here (complex and quantized tensors). */
    public Optional<DType> dtype() {
        return dtype;
    }

    /** Dimensions, outermost first. */
    public Shape shape() {
        return shape;
    }

    /**
     * The tensor under a name, checked against its storage, to be read when needed.
     *
     * @throws InputException when an element lies outside the storage, or the type has no form in
     *     Java
     */
    public TensorView view(String name) throws InputException {
        if (dtype.isEmpty()) {
            throw InputException.in(
                    storage.file(), "tensor " + name + " is complex or quantized, which is not supported");
        }
        return TensorView.strided(name, dtype.get(), shape, storage.region(), offset, strides);
    }

    /** The elements of a floating-point tensor, row-major, widened to singles. */
    public float[] floats() throws IOException {
        return view("in storage " + storage.key()).floats();
    }

    /** The elements of an integer or boolean tensor, row-major. */
    public long[] longs() throws IOException {
        return view("in storage " + storage.key()).longs();
    }

    @Override
    public String toString() {
        return "tensor " + dtype.map(DType::name).orElse("?") + " " + shape;
    }
}
