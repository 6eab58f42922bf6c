package org.coop4j.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.RandomValues.gaussian;

import java.util.Map;
import java.util.Random;
import org.assertj.core.data.Offset;
import org.coop4j.graph.host.ArrayValues;
import org.coop4j.graph.host.Backend;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** A residual attention block in bfloat16, whose plan has fewer ops, compared with float32. */
@RequiresBfloat16
class RoundedBlockTest {

    private static final int SEQUENCES = 3;
    private static final int LENGTH = 17;
    private static final int HEADS = 2;
    private static final int WIDTH = 64;

    /** Of results of size 1: factors are off by half a unit of 8 bits, at random. */
    private static final float ROUNDING = 0.03f;

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
        return graph.layerNorm(x, gain, weight(graph, name + ".bias", random, 0.1, WIDTH));
    }

    private static SDVariable block(Graph graph, SDVariable x, Activation.Kind kind, Double turn) {
        Random random = new Random(5);
        AttentionLayout layout = AttentionLayout.unmasked(HEADS, SEQUENCES, LENGTH);
        SDVariable qkv = linear(graph, norm(graph, x, "ln_1", random), "in", random, WIDTH, 3 * WIDTH);
        SDVariable heads = graph.attention(layout, turn == null ? qkv : graph.rotate(qkv, HEADS, angles(turn)));
        SDVariable y = graph.add(x, linear(graph, heads, "out", random, WIDTH, WIDTH));
        SDVariable h = linear(graph, norm(graph, y, "ln_2", random), "fc", random, WIDTH, 4 * WIDTH);
        return graph.add(y, linear(graph, graph.activation(kind, h), "proj", random, 4 * WIDTH, WIDTH));
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
                ExecutionPlan plan = graph.plan(Map.of("y", block(graph, x, kind, turn)), workers)) {
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
    @EnumSource(names = {"QUICK_GELU", "GELU", "RELU"})
    void activationsAndResidualsArePartsOfProducts(Activation.Kind kind) {
        assertThat(Backend.currentForm()).isEqualTo(Backend.Form.HOST);
        float[] exact = run(Precision.FLOAT32, kind, null, 2, 10);
        for (int threads = 1; threads <= 3; threads++) {
            assertThat(run(Precision.BFLOAT16, kind, null, threads, 7)).containsExactly(exact, Offset.offset(ROUNDING));
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
                    .containsExactly(exact, Offset.offset(ROUNDING));
        }
    }

    /** Returns the gradient of Σ y · weights in x. */
    private static float[] gradient(Precision precision, Activation.Kind kind, int threads) {
        Graph graph = Graph.create().in(precision);
        INDArray values = random(6, SEQUENCES * LENGTH, WIDTH);
        SDVariable y = block(graph, graph.variable("x", values), kind, null);
        SDVariable loss = y.mul(graph.constant("weights", random(7, SEQUENCES * LENGTH, WIDTH)))
                .sum();
        SDVariable gradient = graph.differentiate(loss).get("x");
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
    @EnumSource(names = {"QUICK_GELU", "GELU"})
    void theGradientIsCloseToThatInFloat32(Activation.Kind kind) {
        float[] exact = gradient(Precision.FLOAT32, kind, 2);
        for (int threads = 1; threads <= 3; threads++) {
            float[] rounded = gradient(Precision.BFLOAT16, kind, threads);
            double squares = 0;
            double errors = 0;
            for (int i = 0; i < exact.length; i++) {
                squares += exact[i] * exact[i];
                errors += (rounded[i] - exact[i]) * (rounded[i] - exact[i]);
            }
            assertThat(Math.sqrt(errors / squares)).isBetween(1e-5, 0.01);
        }
    }

    /** An activation whose input a product reads too, and whose result is an output. */
    @Test
    void anActivationBesideAProductIsCloseToThatInFloat32() {
        Map<String, float[]> exact = branches(Precision.FLOAT32);
        branches(Precision.BFLOAT16)
                .forEach((name, values) ->
                        assertThat(values).as(name).containsExactly(exact.get(name), Offset.offset(ROUNDING)));
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
