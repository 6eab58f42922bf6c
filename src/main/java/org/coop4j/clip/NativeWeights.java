package org.coop4j.clip;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.coop4j.graph.host.Backend;
import org.coop4j.graph.host.ArrayValues;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.coop4j.weights.safetensors.SafetensorsFile;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A model's weights in native memory, read from the converted file when first asked for and widened
 * to float32.
 */
final class NativeWeights implements AutoCloseable {

    private final SafetensorsFile file;
    private final Map<String, INDArray> arrays = new ConcurrentHashMap<>();
    private final Map<String, HostMatrix> matrices = new ConcurrentHashMap<>();
    private final Set<String> preloaded = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    NativeWeights(SafetensorsFile file) {
        this.file = file;
    }

    /**
     * The tensor {@code name}, in its own shape.
     *
     * @throws IllegalStateException if the weights are closed
     */
    INDArray get(String name) {
        requireOpen();
        return arrays.computeIfAbsent(name, this::read);
    }

    /**
     * The tensor {@code name} in the host's memory, which no graph reads.
     *
     * @throws IllegalStateException if the weights are closed
     */
    HostMatrix onHost(String name) {
        requireOpen();
        return matrices.computeIfAbsent(name, this::readOnHost);
    }

    private HostMatrix readOnHost(String name) {
        Backend.start();
        long[] shape = shape(name); // [rows, cols]
        HostMatrix matrix = HostMatrix.allocate(shape[0], shape[1]);
        read(name, matrix.buffer());
        return matrix;
    }

    /** An array made from tensors by {@code make} and kept under {@code key}. */
    INDArray derived(String key, Supplier<INDArray> make) {
        requireOpen();
        INDArray known = arrays.get(key);
        if (known == null) {
            known = make.get();
            arrays.put(key, known);
        }
        return known;
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the weights are closed");
        }
    }

    /** The shape of the tensor {@code name}. */
    long[] shape(String name) {
        try {
            return file.shape(name).toArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A copy of the tensor in heap memory. */
    float[] floats(String name) {
        try {
            return file.floats(name);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Reads all tensors whose name begins so, the first time on all threads: fresh memory is what
     * costs time.
     */
    void preload(String namePrefix, Workers workers) {
        if (preloaded.contains(namePrefix)) {
            return;
        }
        List<String> names = new ArrayList<>();
        for (String name : file.names()) {
            if (name.startsWith(namePrefix)) {
                names.add(name);
            }
        }
        workers.each(names.size(), (part, i) -> get(names.get(i)));
        preloaded.add(namePrefix);
    }

    private INDArray read(String name) {
        Backend.start();
        INDArray array = Nd4j.createUninitialized(DataType.FLOAT, shape(name));
        ArrayValues values = ArrayValues.of(array);
        read(name, values.buffer());
        values.store();
        return array;
    }

    private void read(String name, FloatBuffer values) {
        try {
            file.readFloats(name, values.duplicate());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Frees the arrays; nothing that was built from them may be used afterwards. */
    @Override
    public void close() {
        closed = true;
        arrays.values().forEach(INDArray::close);
        arrays.clear();
        matrices.values().forEach(HostMatrix::close);
        matrices.clear();
    }
}
