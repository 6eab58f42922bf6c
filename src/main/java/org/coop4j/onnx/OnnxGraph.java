package org.coop4j.onnx;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import onnx.Onnx.AttributeProto;
import onnx.Onnx.AttributeProto.AttributeType;
import onnx.Onnx.GraphProto;
import onnx.Onnx.ModelProto;
import onnx.Onnx.NodeProto;
import onnx.Onnx.OperatorSetIdProto;
import onnx.Onnx.StringStringEntryProto;
import onnx.Onnx.TensorProto;
import onnx.Onnx.TensorProto.DataType;
import onnx.Onnx.TensorShapeProto;
import onnx.Onnx.TypeProto;
import onnx.Onnx.ValueInfoProto;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.method.Classifier.LogitGraph;
import org.coop4j.weights.HalfFloats;
import org.nd4j.shade.protobuf.ByteString;
import org.nd4j.shade.protobuf.UnsafeByteOperations;

/**
 * An ONNX graph under construction. Values are named by strings; each call adds a node and returns its output's name. A
 * classifier adds its logits itself.
 */
final class OnnxGraph implements LogitGraph<String> {

    /** The first operator set whose Resize has antialiasing. */
    static final int OPSET = 18;

    /** The version of the file format of that operator set. */
    private static final int IR_VERSION = 8;

    private final GraphProto.Builder graph = GraphProto.newBuilder();
    private final boolean half;
    private int values;
    private int matrices;

    /**
     * @param half true to store weights in float16; arithmetic is in float32 either way
     */
    OnnxGraph(String name, boolean half) {
        graph.setName(name);
        this.half = half;
    }

    /**
     * Declares an input.
     *
     * @param dims numbers, or names of dimensions of variable size
     */
    String input(String name, DataType type, Object... dims) {
        graph.addInput(valueInfo(name, type, dims));
        return name;
    }

    /** Makes a value of float32 an output of the graph, by that name. */
    void output(String name, String value, Object... dims) {
        graph.addNode(NodeProto.newBuilder()
                .setOpType("Identity")
                .setName(name)
                .addInput(value)
                .addOutput(name));
        graph.addOutput(valueInfo(name, DataType.FLOAT, dims));
    }

    private static ValueInfoProto valueInfo(String name, DataType type, Object... dims) {
        TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
        for (Object dim : dims) {
            if (dim instanceof String any) {
                shape.addDimBuilder().setDimParam(any);
            } else {
                shape.addDimBuilder().setDimValue(((Number) dim).longValue());
            }
        }
        TypeProto.Builder tensor = TypeProto.newBuilder();
        tensor.getTensorTypeBuilder().setElemType(type.getNumber()).setShape(shape);
        return ValueInfoProto.newBuilder().setName(name).setType(tensor).build();
    }

    /**
     * Adds a node with one output.
     *
     * @param attributes names and values in turn; a value is an {@code Integer}, {@code Double}, {@code String} or
     *     {@code int[]}
     */
    String node(String op, List<?> attributes, String... inputs) {
        String output = op.toLowerCase(Locale.ROOT) + "_" + values++;
        NodeProto.Builder node =
                NodeProto.newBuilder().setOpType(op).setName(output).addOutput(output);
        List.of(inputs).forEach(node::addInput);
        for (int i = 0; i < attributes.size(); i += 2) {
            node.addAttribute(attribute((String) attributes.get(i), attributes.get(i + 1)));
        }
        graph.addNode(node);
        return output;
    }

    /** Adds a node with one output and no attributes. */
    String node(String op, String... inputs) {
        return node(op, List.of(), inputs);
    }

    /** Adds a weight, stored in the file's type of weights; the value is float32. */
    String weight(String name, long[] shape, float[] numbers) {
        if (!half) {
            return constant(name, shape, numbers);
        }
        ByteBuffer bytes = littleEndian(2L * numbers.length);
        for (float number : numbers) {
            bytes.putShort(HalfFloats.toHalf(number));
        }
        addInitializer(name, DataType.FLOAT16, bytes, shape);
        return cast(name, DataType.FLOAT);
    }

    /** Adds a tensor of float32, whatever the type of weights. */
    String constant(String name, long[] shape, float... numbers) {
        ByteBuffer bytes = littleEndian(4L * numbers.length);
        bytes.asFloatBuffer().put(numbers);
        addInitializer(name, DataType.FLOAT, bytes, shape);
        return name;
    }

    /** Adds a number of float32. */
    String number(double number) {
        return constant("number_" + values++, new long[0], (float) number);
    }

    /** Adds a vector of int64. */
    String integers(long... numbers) {
        ByteBuffer bytes = littleEndian(8L * numbers.length);
        bytes.asLongBuffer().put(numbers);
        String name = "integers_" + values++;
        addInitializer(name, DataType.INT64, bytes, numbers.length);
        return name;
    }

    private static ByteBuffer littleEndian(long bytes) {
        return ByteBuffer.allocate(Math.toIntExact(bytes)).order(ByteOrder.LITTLE_ENDIAN);
    }

    private void addInitializer(String name, DataType type, ByteBuffer bytes, long... shape) {
        TensorProto.Builder tensor = TensorProto.newBuilder().setName(name).setDataType(type.getNumber());
        for (long dim : shape) {
            tensor.addDims(dim);
        }
        graph.addInitializer(tensor.setRawData(UnsafeByteOperations.unsafeWrap(bytes.rewind())));
    }

    private static AttributeProto.Builder attribute(String name, Object value) {
        AttributeProto.Builder attribute = AttributeProto.newBuilder().setName(name);
        if (value instanceof Integer number) {
            return attribute.setType(AttributeType.INT).setI(number);
        }
        if (value instanceof Double number) {
            return attribute.setType(AttributeType.FLOAT).setF(number.floatValue());
        }
        if (value instanceof String word) {
            return attribute.setType(AttributeType.STRING).setS(ByteString.copyFromUtf8(word));
        }
        for (int number : (int[]) value) {
            attribute.addInts(number);
        }
        return attribute.setType(AttributeType.INTS);
    }

    /** Adds a conversion to another element type. */
    String cast(String x, DataType type) {
        return node("Cast", List.of("to", type.getNumber()), x);
    }

    @Override
    public String unit(String x) {
        return node("Div", x, node("ReduceL2", x, integers(-1)));
    }

    @Override
    public String product(String x, FeatureMatrix weights) {
        return product(x, classifier(weights.transposed().toArray(), weights.width(), weights.rows()));
    }

    @Override
    public String times(String x, double factor) {
        return times(x, number(factor));
    }

    @Override
    public String plus(String x, float[] row) {
        return plus(x, classifier(row, row.length));
    }

    private String classifier(float[] numbers, long... shape) {
        return constant("classifier." + matrices++, shape, numbers);
    }

    @Override
    public String plus(String x, String y) {
        return node("Add", x, y);
    }

    @Override
    public String rectified(String x) {
        return node("Relu", x);
    }

    @Override
    public String exp(String x) {
        return node("Exp", x);
    }

    /** Adds the product of two values element by element, broadcast. */
    String times(String a, String b) {
        return node("Mul", a, b);
    }

    /** Adds a matrix product. */
    String product(String a, String b) {
        return node("MatMul", a, b);
    }

    /** Adds a change of shape: 0 keeps a dimension, −1 infers it. */
    String reshape(String x, long... shape) {
        return node("Reshape", x, integers(shape));
    }

    /** Adds a permutation of the axes. */
    String transpose(String x, int... order) {
        return node("Transpose", List.of("perm", order), x);
    }

    /** Adds a concatenation along an axis. */
    String concatenate(int axis, String... parts) {
        return node("Concat", List.of("axis", axis), parts);
    }

    /** Adds a slice of an axis, from {@code from} to {@code to}, exclusive. */
    String slice(String x, int axis, long from, long to) {
        return node("Slice", x, integers(from), integers(to), integers(axis));
    }

    /** Returns the file's content. */
    ModelProto model(Map<String, String> metadata, String version) {
        ModelProto.Builder model = ModelProto.newBuilder()
                .setIrVersion(IR_VERSION)
                .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(OPSET))
                .setProducerName("coop4j")
                .setProducerVersion(version)
                .setGraph(graph);
        metadata.forEach((key, value) -> model.addMetadataProps(
                StringStringEntryProto.newBuilder().setKey(key).setValue(value)));
        return model.build();
    }
}
