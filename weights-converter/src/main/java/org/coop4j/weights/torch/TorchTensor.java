package org.coop4j.weights.torch;

import java.io.IOException;
import java.util.Optional;
import org.coop4j.base.InputException;
import org.coop4j.weights.DType;
import org.coop4j.weights.Shape;
import org.coop4j.weights.TensorView;

/**
 * The place of a tensor in a PyTorch file; its elements are not read yet.
 *
 * @param dtype element type; empty for complex and quantized tensors
 * @param shape dimensions, outermost first
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record TorchTensor(Storage storage, Optional<DType> dtype, Shape shape, long offset, long... strides) {

    /**
     * Returns the tensor under a name, checked against its storage, to be read on demand.
     *
     * @throws InputException if an element lies outside the storage, or the type has no form in Java
     */
    public TensorView view(String name) throws InputException {
        if (dtype.isEmpty()) {
            throw InputException.in(
                    storage.file(), "tensor " + name + " is complex or quantized, which is not supported");
        }
        return TensorView.strided(name, dtype.get(), shape, storage.region(), offset, strides);
    }

    /** Returns the elements of a floating-point tensor, row-major, as float32. */
    public float[] floats() throws IOException {
        return view("in storage " + storage.key()).floats();
    }

    @Override
    public String toString() {
        return "tensor " + dtype.map(DType::name).orElse("?") + " " + shape;
    }
}
