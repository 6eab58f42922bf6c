package org.coop4j.clip;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.FloatBuffer;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.coop4j.base.InputException;
import org.coop4j.graph.host.ArrayValues;
import org.coop4j.graph.host.Backend;
import org.coop4j.graph.host.Floats;
import org.coop4j.graph.host.NativeMemory;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.model.ClipConfig;
import org.coop4j.model.ConvertedModel;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A converted model at work: its weights in native memory, read from the file at first use and widened to float32, and
 * the threads that compute with them.
 */
final class NativeWeights implements AutoCloseable {

    private final Set<ImageEncoder> allocated = new HashSet<>();
    private final ConvertedModel model;
    private final Workers workers;
    private final Precision precision;
    private final Lock lock = new Lock();
    private final Map<String, INDArray> arrays = new ConcurrentHashMap<>();
    private final Set<String> preloaded = ConcurrentHashMap.newKeySet();

    /**
     * @param precision of the products in which images are encoded and prompts trained
     */
    NativeWeights(ConvertedModel model, Workers workers, Precision precision) {
        this.model = model;
        this.workers = workers;
        this.precision = precision;
    }

    ConvertedModel model() {
        return model;
    }

    ClipConfig architecture() {
        return model.architecture();
    }

    Workers workers() {
        return workers;
    }

    Precision precision() {
        return precision;
    }

    /** Returns the image encoders that have native memory, to be used under the lock. */
    Set<ImageEncoder> allocated() {
        return allocated;
    }

    /** Returns the lock that users of the weights hold. */
    Lock lock() {
        return lock;
    }

    /** Returns the tensor {@code name}, in its own shape. */
    INDArray get(String name) {
        return arrays.computeIfAbsent(name, this::read);
    }

    /** Returns a copy of row {@code row} of the matrix {@code name}, read from the file. */
    float[] row(String name, int row) {
        return unchecked(() -> model.weights().tensor(name).row(row).floats());
    }

    /** Returns an array that {@code make} makes of tensors, kept under {@code key}. */
    INDArray derived(String key, Supplier<INDArray> make) {
        INDArray known = arrays.get(key);
        if (known == null) {
            known = make.get();
            arrays.put(key, known);
        }
        return known;
    }

    /** Returns the shape of the tensor {@code name}. */
    long[] shape(String name) {
        return unchecked(() -> model.weights().shape(name).toArray());
    }

    /** Returns a copy of the tensor in heap memory. */
    float[] floats(String name) {
        return unchecked(() -> model.weights().floats(name));
    }

    /** Reads all tensors of a prefix at the first call, on all threads: fresh memory is what costs time. */
    void preload(String namePrefix) {
        if (!preloaded.contains(namePrefix)) {
            List<String> names = model.weights().names().stream()
                    .filter(name -> name.startsWith(namePrefix))
                    .toList();
            workers.each(names.size(), (part, i) -> get(names.get(i)));
            preloaded.add(namePrefix);
        }
    }

    private INDArray read(String name) {
        Backend.start();
        INDArray array = NativeMemory.array(DataType.FLOAT, shape(name));
        ArrayValues values = ArrayValues.of(array);
        read(name, values.buffer());
        values.store();
        return array;
    }

    private void read(String name, FloatBuffer values) {
        unchecked(() -> {
            model.weights().tensor(name).readFloats(values.duplicate());
            return null;
        });
    }

    /** Refuses features of finite inputs that are infinite or not numbers. */
    void requireFinite(float[] features) {
        if (!Floats.areFinite(features)) {
            throw new UncheckedIOException(new InputException(
                    ("the model %s is damaged: its features are infinite or not numbers; convert it again, or use another"
                                    + " model")
                            .formatted(model.path())));
        }
    }

    private static <T> T unchecked(Lock.Work<T, IOException> read) {
        try {
            return read.run();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Ends the threads and frees the arrays; nothing built from them may be used afterwards. */
    @Override
    public void close() {
        List.copyOf(allocated).forEach(ImageEncoder::close);
        workers.close();
        arrays.values().forEach(NativeMemory::free);
    }

    /**
     * Turns of threads that work with a model's native memory: one at a time, first come, first served, and none once
     * the model is closed. An interrupt does not end the wait.
     */
    static final class Lock {

        private final ReentrantLock lock = new ReentrantLock(true);
        private boolean closed;

        /** Work with the model. */
        @FunctionalInterface
        interface Work<T, E extends Exception> {
            T run() throws E;
        }

        /**
         * Does the work while no other thread works with the model.
         *
         * @throws IllegalStateException if the model is closed
         */
        <T, E extends Exception> T hold(Work<T, E> work) throws E {
            lock.lock();
            try {
                if (closed) {
                    throw new IllegalStateException("the model is closed");
                }
                return work.run();
            } finally {
                lock.unlock();
            }
        }

        /**
         * Waits for those at work, then frees the model; a second call does nothing.
         *
         * @throws IllegalStateException if the caller holds the lock
         */
        <E extends Exception> void close(Work<?, E> free) throws E {
            if (lock.isHeldByCurrentThread()) {
                throw new IllegalStateException("the model is in use by this thread: close it afterwards");
            }
            lock.lock();
            try {
                if (!closed) {
                    closed = true;
                    free.run();
                }
            } finally {
                lock.unlock();
            }
        }
    }
}
