package org.coop4j.pretrain;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.clip.Parameters;
import org.coop4j.graph.Graph;
import org.coop4j.graph.host.ArrayValues;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** A model's weights as variables of one graph, each beginning as the given model has it. */
final class TrainedParameters implements Parameters, AutoCloseable {

    private final Graph graph;
    private final InitialModel initial;
    private final DataType type;
    private final Map<String, Entry> entries = new LinkedHashMap<>();
    private final Map<String, List<Part>> parts = new LinkedHashMap<>();

    /**
     * A variable of the graph.
     *
     * @param array what is trained
     * @param matrix whether it is of a tensor with two axes or more
     */
    record Entry(SDVariable variable, INDArray array, boolean matrix) {}

    /**
     * Where some elements of a tensor are trained.
     *
     * @param from first element in the array
     * @param at first element in the tensor
     */
    private record Part(INDArray array, int from, int at, int length) {}

    /**
     * @param type float, or double for checking gradients
     */
    TrainedParameters(Graph graph, InitialModel initial, DataType type) {
        this.graph = graph;
        this.initial = initial;
        this.type = type;
    }

    @Override
    public Graph graph() {
        return graph;
    }

    /** Returns all variables by name, in the order in which the graph asked for them. */
    Map<String, Entry> entries() {
        return entries;
    }

    @Override
    public SDVariable get(String name) {
        return whole(name, initial.shape(name));
    }

    @Override
    public SDVariable matrix(String name) {
        long[] shape = initial.shape(name);
        return whole(name, new long[] {shape[0], shape[1] * shape[2] * shape[3]});
    }

    private SDVariable whole(String name, long[] shape) {
        if (entries.containsKey(name)) {
            return entries.get(name).variable;
        }
        INDArray array = add(name, initial.floats(name), shape, isMatrix(name));
        parts.put(name, List.of(new Part(array, 0, 0, length(array))));
        return entries.get(name).variable;
    }

    @Override
    public SDVariable rows(String name, int from, int to) {
        long[] shape = initial.shape(name);
        float[] all = initial.floats(name);
        int width = all.length / Math.toIntExact(shape[0]);
        shape[0] = (long) to - from;
        String key = name + "[" + from + ":" + to + "]";
        float[] some = Arrays.copyOfRange(all, from * width, to * width);
        INDArray array = add(key, some, shape, isMatrix(name));
        parts.computeIfAbsent(name, n -> new ArrayList<>()).add(new Part(array, 0, from * width, length(array)));
        return entries.get(key).variable;
    }

    @Override
    public SDVariable stacked(String first, String second) {
        String key = first + " over " + second;
        float[] upper = initial.floats(first);
        float[] lower = initial.floats(second);
        float[] both = Arrays.copyOf(upper, upper.length + lower.length);
        System.arraycopy(lower, 0, both, upper.length, lower.length);
        long[] shape = initial.shape(first);
        shape[0] += initial.shape(second)[0];
        INDArray array = add(key, both, shape, isMatrix(first));
        parts.put(first, List.of(new Part(array, 0, 0, upper.length)));
        parts.put(second, List.of(new Part(array, upper.length, 0, lower.length)));
        return entries.get(key).variable;
    }

    @Override
    public SDVariable convolution(Convolution layer, SDVariable x) {
        throw new IllegalArgumentException("a ResNet, and batch norms are not trained");
    }

    /** Returns a matrix that is no tensor of the model, which the caller writes itself. */
    SDVariable derived(String name, float[] values, long... shape) {
        add(name, values, shape, true);
        return entries.get(name).variable;
    }

    private INDArray add(String name, float[] values, long[] shape, boolean matrix) {
        INDArray single = Nd4j.createUninitialized(DataType.FLOAT, shape);
        ArrayValues.of(single).fill(values);
        INDArray array = single.castTo(type);
        if (array != single) {
            single.close();
        }
        Entry entry = new Entry(graph.variable(name, array), array, matrix);
        if (entries.put(name, entry) != null) {
            throw new IllegalStateException(name + " is trained twice");
        }
        return array;
    }

    /** Frees the variables. */
    @Override
    public void close() {
        entries.values().forEach(entry -> entry.array.close());
    }

    private boolean isMatrix(String name) {
        return initial.shape(name).length > 1;
    }

    private static int length(INDArray array) {
        return Math.toIntExact(array.length());
    }

    /**
     * Returns a tensor of the model as it is now, in the model's own order.
     *
     * @throws IllegalArgumentException if the graph never asked for it
     */
    float[] tensor(String name) {
        List<Part> found = parts.get(name);
        if (found == null) {
            throw new IllegalArgumentException(name + " is not trained");
        }
        float[] result = new float[found.stream().mapToInt(Part::length).sum()];
        for (Part part : found) {
            float[] values = ArrayValues.of(part.array).toArray();
            System.arraycopy(values, part.from, result, part.at, part.length);
        }
        return result;
    }
}
