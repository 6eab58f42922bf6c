package org.coop4j.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.RandomValues.gaussian;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.assertj.core.data.Offset;
import org.coop4j.graph.host.ArrayValues;
import org.coop4j.graph.host.Backend;
import org.coop4j.graph.host.Gemm.Form;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

@RequiresBfloat16
class Bfloat16ProductTest {

    /** Of both factors, relative to their product: each is off by half a unit of 8 bits at most. */
    private static final double ROUNDING = 2.01 / 256;

    /** Of float32 sums of some hundred terms, relative to the sum of their magnitudes. */
    private static final double SUMMING = 1e-6;

    /** Threads, rows, inner, columns, transposed, with a bias. */
    record Case(int threads, int rows, int inner, int cols, boolean transposed, boolean bias) {}

    static List<Case> cases() {
        List<Case> cases = new ArrayList<>();
        int[][] sizes = {{1, 1, 1}, {1, 768, 512}, {3, 17, 5}, {64, 64, 192}, {101, 130, 33}};
        for (int[] size : sizes) {
            for (int threads = 1; threads <= 3; threads += 2) {
                cases.add(new Case(threads, size[0], size[1], size[2], false, false));
                cases.add(new Case(threads, size[0], size[1], size[2], true, false));
                cases.add(new Case(threads, size[0], size[1], size[2], false, true));
                cases.add(new Case(threads, size[0], size[1], size[2], true, true));
            }
        }
        return cases;
    }

    private static HostMatrix random(Random random, int rows, int cols) {
        HostMatrix matrix = HostMatrix.zeros(rows, cols);
        for (int i = 0; i < rows * cols; i++) {
            matrix.buffer().put(i, (float) random.nextGaussian());
        }
        return matrix;
    }

    /** To the nearest number of 8 bits, ties to even. */
    private static float rounded(float value) {
        int bits = Float.floatToRawIntBits(value);
        return Float.intBitsToFloat((bits + 0x7fff + (bits >>> 16 & 1)) & 0xffff0000);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void factorsAreRoundedAndSumsAreNot(Case c) {
        Random random = new Random(3);
        try (HostMatrix x = random(random, c.rows, c.inner);
                HostMatrix w = c.transposed ? random(random, c.cols, c.inner) : random(random, c.inner, c.cols);
                HostMatrix bias = c.bias ? random(random, 1, c.cols) : null;
                HostMatrix y = random(random, c.rows, c.cols);
                Workers workers = new Workers(c.threads)) {
            try (HostKernel product =
                    Bfloat16Product.kernel(c.transposed ? Form.NT : Form.NN, x, w, bias, null, null, y, workers)) {
                product.run();
                check(c, x, w, bias, y);
                x.buffer().put(0, 5 * x.buffer().get(0));
                product.run();
                check(c, x, w, bias, y);
                float[] first = all(y);
                product.run();
                assertThat(all(y)).containsExactly(first);
            }
        }
    }

    private static float[] all(HostMatrix matrix) {
        float[] values = new float[matrix.rows() * matrix.cols()];
        matrix.buffer().get(0, values);
        return values;
    }

    private static void check(Case c, HostMatrix x, HostMatrix w, HostMatrix bias, HostMatrix y) {
        double fromRounded = 0;
        double fromExact = 0;
        for (int row = 0; row < c.rows; row++) {
            for (int col = 0; col < c.cols; col++) {
                double exact = bias == null ? 0 : bias.buffer().get(col);
                double half = exact;
                double size = Math.abs(exact);
                for (int i = 0; i < c.inner; i++) {
                    float a = x.buffer().get(row * c.inner + i);
                    float b = w.buffer().get(c.transposed ? col * c.inner + i : i * c.cols + col);
                    exact += (double) a * b;
                    half += (double) rounded(a) * rounded(b);
                    size += Math.abs((double) a * b);
                }
                double found = y.buffer().get(row * c.cols + col);
                fromRounded = Math.max(fromRounded, Math.abs(found - half) / size);
                fromExact = Math.max(fromExact, Math.abs(found - exact) / size);
            }
        }
        assertThat(fromRounded).isLessThanOrEqualTo(SUMMING);
        assertThat(fromExact).isBetween(Double.MIN_VALUE, ROUNDING);
    }

    private static final int SEQUENCES = 5; // a block of 64 rows and some more
    private static final int LENGTH = 17;
    private static final int HEADS = 2;
    private static final int WIDTH = 64;

    /** Of results of size 1: factors are off by half a unit of 8 bits, at random. */
    private static final float BLOCK_ROUNDING = 0.03f;

    private static SDVariable weight(Graph graph, String name, Random random, double size, int... shape) {
        float[] values = new float[shape[0] * (shape.length > 1 ? shape[1] : 1)];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (size * random.nextGaussian());
        }
        long[] axes = shape.length == 1 ? new long[] {shape[0]} : new long[] {shape[0], shape[1]};
        return graph.constant(name, Nd4j.createFromArray(values).reshape('c', axes));
    }

    private static SDVariable linear(Graph graph, SDVariable x, String name, Random random, int in, int out) {
        SDVariable w = weight(graph, name + ".weight", random, 1 / Math.sqrt(in), out, in);
        return graph.linear(x, w, weight(graph, name + ".bias", random, 0.1, out));
    }

    private static SDVariable norm(Graph graph, SDVariable x, String name, Random random) {
        SDVariable gain = weight(graph, name + ".gain", random, 1, WIDTH);
        return graph.layerNorm(x, gain, weight(graph, name + ".bias", random, 0.1, WIDTH), 1e-5);
    }

    /**
     * @param branches adds low-rank branches to queries and values
     */
    private static SDVariable block(Graph graph, SDVariable x, Activation.Kind kind, Double turn, boolean branches) {
        Random random = new Random(5);
        AttentionLayout layout = AttentionLayout.unmasked(HEADS, SEQUENCES, LENGTH);
        SDVariable normed = norm(graph, x, "ln_1", random);
        SDVariable qkv = linear(graph, normed, "in", random, WIDTH, 3 * WIDTH);
        if (branches) {
            qkv = graph.addLowRank(qkv, normed, List.of(lowRank(graph, "q", 0), lowRank(graph, "v", 2 * WIDTH)));
        }
        SDVariable heads = graph.attention(layout, turn == null ? qkv : graph.rotate(qkv, HEADS, angles(turn)));
        SDVariable y = graph.add(x, linear(graph, heads, "out", random, WIDTH, WIDTH));
        SDVariable h = linear(graph, norm(graph, y, "ln_2", random), "fc", random, WIDTH, 4 * WIDTH);
        return graph.add(y, linear(graph, graph.activation(kind, h), "proj", random, 4 * WIDTH, WIDTH));
    }

    private static Graph.LowRank lowRank(Graph graph, String name, int column) {
        SDVariable a = graph.variable(name + "_a", random(column + 1, 2, WIDTH));
        SDVariable b = graph.variable(name + "_b", random(column + 2, WIDTH, 2));
        return new Graph.LowRank(a, b, 0.1, column, Graph.Dropout.NONE);
    }

    private static double[][] angles(double turn) {
        double[][] angles = new double[LENGTH][WIDTH / HEADS / 2];
        for (int i = 0; i < LENGTH; i++) {
            for (int j = 0; j < angles[i].length; j++) {
                angles[i][j] = turn * i * Math.pow(10, -j / 4.0);
            }
        }
        return angles;
    }

    private static float[] run(Precision precision, Activation.Kind kind, Double turn, int threads, int ops) {
        Graph graph = Graph.create().in(precision);
        SDVariable x = graph.placeholder("x", DataType.FLOAT, SEQUENCES * LENGTH, WIDTH);
        try (Workers workers = new Workers(threads);
                ExecutionPlan plan = graph.plan(Map.of("y", block(graph, x, kind, turn, false)), workers)) {
            assertThat(plan.size()).isEqualTo(ops);
            float[] values = gaussian(6, SEQUENCES * LENGTH * WIDTH);
            ArrayValues.of(plan.input("x")).fill(values);
            plan.run();
            float[] first = ArrayValues.of(plan.output("y")).toArray();
            plan.run();
            assertThat(ArrayValues.of(plan.output("y")).toArray()).containsExactly(first);
            return first;
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"QUICK_GELU", "GELU", "GELU_TANH", "RELU"})
    void activationsAndResidualsArePartsOfProducts(Activation.Kind kind) {
        assertThat(Backend.currentForm()).isEqualTo(Backend.Form.HOST);
        float[] exact = run(Precision.FLOAT32, kind, null, 2, 10);
        for (int threads = 1; threads <= 3; threads++) {
            assertThat(run(Precision.BFLOAT16, kind, null, threads, 7))
                    .containsExactly(exact, Offset.offset(BLOCK_ROUNDING));
        }
    }

    /** Without an angle, the result is rounded as a product's is. */
    @Test
    void rotatedQueriesAndKeysAreRoundedForAttention() {
        float[] plain = run(Precision.BFLOAT16, Activation.Kind.GELU, null, 2, 7);
        assertThat(run(Precision.BFLOAT16, Activation.Kind.GELU, 0.0, 2, 8)).containsExactly(plain);
        float[] exact = run(Precision.FLOAT32, Activation.Kind.GELU, 0.3, 2, 11);
        for (int threads = 1; threads <= 3; threads++) {
            assertThat(run(Precision.BFLOAT16, Activation.Kind.GELU, 0.3, threads, 8))
                    .containsExactly(exact, Offset.offset(BLOCK_ROUNDING));
        }
    }

    private static long bytes(Precision precision) {
        Graph graph = Graph.create().in(precision);
        SDVariable y = graph.placeholder("x", DataType.FLOAT, 64, 64);
        for (int width : new int[] {256, 256, 64}) {
            int before = Math.toIntExact(graph.shape(y)[1]);
            y = graph.linear(y, graph.constant("w" + y.name(), random(1, width, before)));
        }
        try (Workers workers = new Workers(1);
                ExecutionPlan plan = graph.plan(Map.of("y", y), workers)) {
            return plan.bytes();
        }
    }

    /** Two results of 256 columns are alive at once; the second one's array reaches beyond its numbers. */
    @Test
    void roundedValuesTakeHalfTheMemory() {
        assertThat(bytes(Precision.FLOAT32)).isEqualTo(64 * 4 * (256 + 256));
        assertThat(bytes(Precision.BFLOAT16)).isEqualTo(64 * 4 * (128 + 256));
    }

    /** Returns the gradient of Σ y · weights in a variable. */
    private static float[] gradient(Precision precision, Activation.Kind kind, String in, int threads) {
        Graph graph = Graph.create().in(precision);
        INDArray values = random(6, SEQUENCES * LENGTH, WIDTH);
        SDVariable y = block(graph, graph.variable("x", values), kind, null, !in.equals("x"));
        SDVariable loss = y.mul(graph.constant("weights", random(7, SEQUENCES * LENGTH, WIDTH)))
                .sum();
        SDVariable gradient = graph.differentiate(loss).get(in);
        try (Workers workers = new Workers(threads);
                ExecutionPlan plan = graph.plan(Map.of("dx", gradient), workers)) {
            plan.run();
            float[] first = ArrayValues.of(plan.output("dx")).toArray();
            plan.run();
            assertThat(ArrayValues.of(plan.output("dx")).toArray()).containsExactly(first);
            return first;
        }
    }

    private static INDArray random(int seed, int rows, int cols) {
        float[] values = gaussian(seed, rows * cols);
        return Nd4j.createFromArray(values).reshape('c', rows, cols);
    }

    @ParameterizedTest
    @EnumSource(names = {"QUICK_GELU", "GELU", "GELU_TANH"})
    void theGradientIsCloseToThatInFloat32(Activation.Kind kind) {
        compareGradients(kind, "x");
    }

    @ParameterizedTest
    @ValueSource(strings = {"q_a", "q_b", "v_a", "v_b"})
    void gradientsOfLowRankBranchesAreCloseToThoseInFloat32(String in) {
        compareGradients(Activation.Kind.QUICK_GELU, in);
    }

    private static void compareGradients(Activation.Kind kind, String in) {
        float[] exact = gradient(Precision.FLOAT32, kind, in, 2);
        for (int threads = 1; threads <= 3; threads++) {
            float[] rounded = gradient(Precision.BFLOAT16, kind, in, threads);
            double squares = 0;
            double errors = 0;
            for (int i = 0; i < exact.length; i++) {
                squares += exact[i] * exact[i];
                errors += (rounded[i] - exact[i]) * (rounded[i] - exact[i]);
            }
            assertThat(Math.sqrt(errors / squares)).isBetween(1e-5, 0.015);
        }
    }

    /** An activation whose input a product reads too, and whose result is an output. */
    @Test
    void anActivationBesideAProductIsCloseToThatInFloat32() {
        Map<String, float[]> exact = branches(Precision.FLOAT32);
        branches(Precision.BFLOAT16)
                .forEach((name, values) ->
                        assertThat(values).as(name).containsExactly(exact.get(name), Offset.offset(BLOCK_ROUNDING)));
    }

    private static Map<String, float[]> branches(Precision precision) {
        Graph graph = Graph.create().in(precision);
        Random random = new Random(8);
        SDVariable h = linear(graph, graph.constant("x", random(6, 5, WIDTH)), "in", random, WIDTH, WIDTH);
        SDVariable a = graph.activation(Activation.Kind.QUICK_GELU, h);
        SDVariable y = linear(graph, h, "out", random, WIDTH, WIDTH);
        try (Workers workers = new Workers(2);
                ExecutionPlan plan = graph.plan(Map.of("a", a, "y", y), workers)) {
            plan.run();
            return Map.of(
                    "a", ArrayValues.of(plan.output("a")).toArray(),
                    "y", ArrayValues.of(plan.output("y")).toArray());
        }
    }
}
