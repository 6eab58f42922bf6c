package org.coop4j.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.commons.math3.special.Erf;
import org.coop4j.graph.AttentionLayout.Group;
import org.coop4j.graph.AttentionLayout.Queries;
import org.coop4j.graph.host.Workers;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

@Tag("portable")
class OpGradientTest extends OpGradientChecks {

    static Stream<Case> cases() {
        List<Case> cases = new ArrayList<>();
        cases.add(new Case(
                "linear with bias",
                shapes("x", shape(5, 4), "w", shape(3, 4), "b", shape(3)),
                (g, v) -> g.linear(v.get("x"), v.get("w"), v.get("b"))));
        cases.add(new Case(
                "linear without bias",
                shapes("x", shape(40, 4), "w", shape(3, 4)),
                (g, v) -> g.linear(v.get("x"), v.get("w"))));
        cases.add(new Case(
                "project", shapes("x", shape(5, 4), "w", shape(4, 3)), (g, v) -> g.project(v.get("x"), v.get("w"))));
        for (Activation.Kind kind : Activation.Kind.values()) {
            for (long columns : new long[] {50, 2048}) { // of a small and of a large tower
                cases.add(new Case(
                        kind + " of " + columns,
                        shapes("x", shape(3, columns)),
                        (g, v) -> g.activation(kind, v.get("x"))));
            }
        }
        cases.add(new Case("add", shapes("x", shape(3, 5), "y", shape(3, 5)), (g, v) -> g.add(v.get("x"), v.get("y"))));
        cases.add(new Case(
                "residual, read twice",
                shapes("x", shape(3, 5), "w", shape(5, 5)),
                (g, v) -> g.add(v.get("x"), g.linear(v.get("x"), v.get("w")))));
        cases.add(new Case(
                "select rows", shapes("x", shape(6, 4)), (g, v) -> g.selectRows(v.get("x"), new int[] {1, 2, 5})));
        cases.add(
                new Case("select a row", shapes("x", shape(6, 4)), (g, v) -> g.selectRows(v.get("x"), new int[] {2})));
        for (int parts = 2; parts <= 3; parts++) {
            cases.add(new Case(
                    "gates of values, " + parts + " parts",
                    shapes("base", shape(6, parts * 4L), "gates", shape(4)),
                    (g, v) -> g.gate(v.get("base"), v.get("gates"), 4, new int[] {-1, 2, 0, -1, 3, 1})));
        }
        cases.add(new Case(
                "gates of values alone, whose rows have a gradient",
                shapes("x", shape(5, 4), "gates", shape(4)),
                (g, v) -> g.gate(v.get("x"), v.get("gates"), 4, new int[] {-1, 2, 0, 3, 1})));
        cases.add(new Case(
                "place context",
                shapes("ctx", shape(3, 4), "base", shape(8, 4)),
                (g, v) -> g.add(
                        g.constant("base-frozen", v.get("base").getArr()),
                        g.selectRows(v.get("ctx"), new int[] {-1, 0, 2, -1, -1, 0, 1, -1}))));
        cases.add(new Case(
                "sum columns",
                shapes("x", shape(5, 7)),
                (g, v) -> g.sumColumns(v.get("x"), new int[] {2, 0, 0, 3, 2, 2, 0}, 4)));
        cases.add(new Case("sum of squares", shapes("x", shape(4, 6)), (g, v) -> g.sumOfSquares(v.get("x"))));
        cases.add(new Case(
                "replace rows",
                shapes("x", shape(5, 4), "vectors", shape(3, 4)),
                (g, v) -> g.replaceRows(v.get("x"), v.get("vectors"), new int[] {0, 5, 6, 1, 5, 3, 0, 3, 3})));
        for (int rows = 1; rows <= 4; rows += 3) {
            cases.add(new Case("normalize rows", shapes("x", shape(rows, 6)), (g, v) -> g.normalizeRows(v.get("x"))));
        }
        cases.add(new Case(
                "exp scale", shapes("x", shape(4, 6), "s", shape()), (g, v) -> g.expScale(v.get("x"), v.get("s"))));
        cases.add(new Case(
                "cross-entropy", shapes("x", shape(4, 6)), (g, v) -> g.crossEntropy(v.get("x"), labels(v.get("x")))));
        cases.add(new Case(
                "fast cross-entropy of a fast product",
                shapes("x", shape(4, 9), "w", shape(6, 9), "b", shape(6)),
                (g, v) -> g.fast()
                        .crossEntropy(g.fast().linear(v.get("x"), v.get("w"), v.get("b")), labels(v.get("x")))));
        cases.add(new Case(
                "soft cross-entropy",
                shapes("x", shape(4, 6), "base", shape(4, 6)),
                (g, v) -> g.crossEntropy(
                        v.get("x"), g.constant("teacher", v.get("base").getArr()))));
        // Of a constant factor, the gradient is that of the loss with an exponent of 0.
        for (Graph.Focus focus : new Graph.Focus[] {null, new Graph.Focus(0, 0, 0.05, 1e-8)}) {
            cases.add(new Case(
                    focus == null ? "loss of labels" : "asymmetric loss of labels",
                    shapes("x", shape(4, 6), "base", shape(4, 6)),
                    (g, v) -> g.labelLoss(
                            v.get("x"), g.constant("target", v.get("base").getArr()), focus)));
        }
        cases.add(new Case(
                "rotary positions",
                shapes("qkv", shape(10, 3 * 8)),
                (g, v) -> g.rotate(v.get("qkv"), 2, new double[][] {{0, 0}, {1, 0.1}, {2, 0.2}, {1, 0.3}, {2, -4}})));
        for (int rows = 1; rows <= 7; rows += 6) {
            cases.add(new Case("layer norm", shapes("x", shape(rows, 9), "base", shape(2, 9)), (g, v) -> {
                INDArray weights = v.get("base").getArr();
                return g.layerNorm(
                        v.get("x"),
                        g.constant("gain", weights.getRow(0).dup()),
                        g.constant("bias", weights.getRow(1).dup()),
                        1e-5);
            }));
        }
        for (long width : new long[] {9, 512}) {
            cases.add(new Case(
                    "layer norm with trained weights of " + width,
                    shapes("x", shape(7, width), "gain", shape(width), "bias", shape(width)),
                    (g, v) -> g.layerNorm(v.get("x"), v.get("gain"), v.get("bias"), 1e-5)));
        }
        for (boolean drops : new boolean[] {false, true}) {
            Map<String, long[]> branches = shapes(
                    "y", shape(150, 9), "x", shape(150, 5), "base", shape(150, 5), "a", shape(2, 5), "b", shape(3, 2));
            branches.putAll(shapes("a2", shape(3, 5), "b2", shape(4, 3)));
            cases.add(new Case(drops ? "low-rank branches with factors" : "low-rank branches", branches, (g, v) -> {
                Graph.Dropout dropout = drops
                        ? new Graph.Dropout(
                                0, g.constant("factors", v.get("base").getArr()), 0)
                        : Graph.Dropout.NONE;
                return g.addLowRank(
                        v.get("y"),
                        v.get("x"),
                        List.of(
                                new Graph.LowRank(v.get("a"), v.get("b"), 0.5, 1, dropout),
                                new Graph.LowRank(v.get("a2"), v.get("b2"), 2, 5, dropout)));
            }));
        }
        cases.add(new Case(
                "project with bias",
                shapes("x", shape(6, 4), "w", shape(4, 3), "b", shape(3)),
                (g, v) -> g.project(v.get("x"), v.get("w"), v.get("b"))));
        AttentionLayout images = AttentionLayout.unmasked(2, 3, 4);
        AttentionLayout prompts = new AttentionLayout(
                2, Queries.ALL, true, 3, List.of(new Group(2, 2), new Group(1, 1), new Group(3, 4)));
        AttentionLayout alone = new AttentionLayout(2, Queries.ALL, true, 0, List.of(new Group(2, 3)));
        cases.add(attention("attention of images", images));
        cases.add(new Case(
                "attention of images in a large tower",
                shapes("qkv", shape(images.rows(), 3 * 512)),
                (g, v) -> g.attention(images, v.get("qkv"))));
        cases.add(attention("attention of prompts with a shared prefix", prompts));
        cases.add(attention("attention of prompts without a prefix", alone));
        cases.add(queryAttention("attention of class tokens", images, Queries.FIRST));
        cases.add(queryAttention("attention of end tokens", prompts, Queries.LAST));
        cases.add(queryAttention("attention of end tokens, no prefix", alone, Queries.LAST));
        return cases.stream();
    }

    private static Case attention(String name, AttentionLayout layout) {
        return new Case(name, shapes("qkv", shape(layout.rows(), 3 * 6)), (g, v) -> g.attention(layout, v.get("qkv")));
    }

    private static Case queryAttention(String name, AttentionLayout layout, Queries queries) {
        AttentionLayout one = layout.withQueries(queries);
        return new Case(
                name,
                shapes("q", shape(one.sequences(), 6), "kv", shape(one.rows(), 2 * 6)),
                (g, v) -> g.attention(one, v.get("q"), v.get("kv")));
    }

    private static SDVariable labels(SDVariable like) {
        INDArray labels = Nd4j.createFromArray(1.0, 0.0, 5.0, 1.0).castTo(like.dataType());
        return like.getSameDiff().constant("labels", labels);
    }

    /** Without a gradient, no probabilities are kept. */
    @Test
    void attentionInALargeTowerEqualsTheExpressionWithoutAGradientToo() {
        double[] values = new Random(7).doubles(2 * 5 * 3 * 512, -2, 2).toArray();
        INDArray qkv = Nd4j.createFromArray(values).reshape(2 * 5, 3 * 512);
        INDArray exact = attended(qkv);
        INDArray computed = attended(qkv.castTo(DataType.FLOAT)).castTo(DataType.DOUBLE);
        assertThat(computed.sub(exact).amaxNumber().doubleValue()).isLessThan(2e-6);
        assertThat(exact.amaxNumber().doubleValue()).isGreaterThan(1);
    }

    private static INDArray attended(INDArray qkv) {
        Graph graph = Graph.create();
        SDVariable y = graph.attention(AttentionLayout.unmasked(8, 2, 5), graph.variable("qkv", qkv));
        try (Workers workers = new Workers(3);
                ExecutionPlan plan = graph.plan(Map.of("y", y), workers)) {
            plan.run();
            return plan.output("y").dup();
        }
    }

    private static final int N = 40_001;

    @Test
    void valuesAreThoseOfTheErrorFunctionUpToFloat32Rounding() {
        NormalDistribution normal = new NormalDistribution(N);
        float[] x = new float[N];
        for (int i = 0; i < N; i++) {
            x[i] = (i - N / 2) / 2000f;
        }
        float[] cdf = normal.cdf(x, N);
        float[] density = normal.density(N);
        for (int i = 0; i < N; i++) {
            double error = (8 + (double) x[i] * x[i]) * 0x1p-24;
            double exact = 0.5 * Erf.erfc(-x[i] * Math.sqrt(0.5));
            assertThat((double) cdf[i]).isCloseTo(exact, within(error * exact));
            double slope = Math.exp(-0.5 * x[i] * x[i]) / Math.sqrt(2 * Math.PI);
            assertThat((double) density[i]).isCloseTo(slope, within(error * slope));
        }
    }

    @Test
    void endsAreExact() {
        float[] x = {9, 1e30f, Float.POSITIVE_INFINITY, Float.NaN, -0f, -1e30f, Float.NEGATIVE_INFINITY};
        float[] cdf = new NormalDistribution(x.length).cdf(x, x.length);
        assertThat(cdf).containsExactly(1, 1, 1, Float.NaN, 0.5f, 0, 0);
    }

    /** On several threads ND4J's scatterAdd loses some. */
    @Test
    void theGradientOfARowThatManyReadLosesNone() {
        Graph graph = newGraph();
        SDVariable x = graph.variable("x", Nd4j.ones(DataType.DOUBLE, 3, 4));
        int[] rows = IntStream.range(0, 90_000).map(i -> i % 3).toArray();
        SDVariable loss = graph.selectRows(x, rows).sum().rename("loss");
        Map<String, SDVariable> gradients = graph.differentiate(loss);
        try (ExecutionPlan plan = graph.plan(gradients, new Workers(1))) {
            for (int run = 0; run < 3; run++) {
                plan.run();
                assertThat(plan.output("x").dup().data().asDouble()).containsOnly(30_000);
            }
        }
    }
}
