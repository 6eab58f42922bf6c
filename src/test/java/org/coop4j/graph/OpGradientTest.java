package org.coop4j.graph;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.coop4j.graph.host.Workers;
import org.coop4j.graph.op.Activation;
import org.coop4j.graph.op.AttentionLayout;
import org.coop4j.graph.op.AttentionLayout.Group;
import org.coop4j.graph.op.AttentionLayout.Queries;
import org.coop4j.graph.op.BatchNorm;
import org.coop4j.graph.op.Grid;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Every op against central differences in double precision, in the portable form; then the host
 * kernels in float against the portable form in double, and the plan against SameDiff's session.
 */
class OpGradientTest {

    private static final double STEP = 1e-5;

    /** Randomly chosen elements of each array that are differenced. */
    private static final int ELEMENTS = 40;

    private static final double DOUBLE_TOLERANCE = 1e-7;
    private static final double FLOAT_TOLERANCE = 2e-5;

    /**
     * An op under test.
     *
     * @param shapes shape of each input, by name; all are trained
     * @param build the op's output from its inputs
     */
    record Case(
            String name,
            Map<String, long[]> shapes,
            BiFunction<Graph, Map<String, SDVariable>, SDVariable> build) {
        @Override
        public String toString() {
            return name;
        }
    }

    private static Map<String, long[]> shapes(Object... namesAndShapes) {
        Map<String, long[]> shapes = new TreeMap<>();
        for (int i = 0; i < namesAndShapes.length; i += 2) {
            shapes.put((String) namesAndShapes[i], (long[]) namesAndShapes[i + 1]);
        }
        return shapes;
    }

    private static long[] shape(long... sizes) {
        return sizes;
    }

    static Stream<Case> cases() {
        List<Case> cases = new ArrayList<>();
        cases.add(
                new Case(
                        "linear with bias",
                        shapes("x", shape(5, 4), "w", shape(3, 4), "b", shape(3)),
                        (g, v) -> g.linear(v.get("x"), v.get("w"), v.get("b"))));
        cases.add(
                new Case(
                        "linear without bias",
                        shapes("x", shape(40, 4), "w", shape(3, 4)),
                        (g, v) -> g.linear(v.get("x"), v.get("w"))));
        cases.add(
                new Case(
                        "project",
                        shapes("x", shape(5, 4), "w", shape(4, 3)),
                        (g, v) -> g.project(v.get("x"), v.get("w"))));
        cases.add(
                new Case(
                        "layer norm",
                        shapes("x", shape(7, 9), "gain", shape(9), "bias", shape(9)),
                        (g, v) -> g.layerNorm(v.get("x"), v.get("gain"), v.get("bias"))));
        for (Activation.Kind kind : Activation.Kind.values()) {
            cases.add(
                    new Case(
                            kind.toString(),
                            shapes("x", shape(3, 50)),
                            (g, v) -> g.activation(kind, v.get("x"))));
        }
        cases.add(
                new Case(
                        "add",
                        shapes("x", shape(3, 5), "y", shape(3, 5)),
                        (g, v) -> g.add(v.get("x"), v.get("y"))));
        cases.add(
                new Case(
                        "residual, read twice",
                        shapes("x", shape(3, 5), "w", shape(5, 5)),
                        (g, v) -> g.add(v.get("x"), g.linear(v.get("x"), v.get("w")))));
        cases.add(
                new Case(
                        "select rows",
                        shapes("x", shape(6, 4)),
                        (g, v) -> g.selectRows(v.get("x"), new int[] {1, 2, 5})));
        cases.add(
                new Case(
                        "place context",
                        shapes("ctx", shape(3, 4), "base", shape(8, 4)),
                        (g, v) ->
                                g.placeContext(
                                        v.get("ctx"),
                                        g.constant("base-frozen", v.get("base").getArr()),
                                        new int[] {1, 2, 5, 6},
                                        new int[] {0, 2, 0, 1})));
        cases.add(
                new Case(
                        "normalize rows",
                        shapes("x", shape(4, 6)),
                        (g, v) -> g.normalizeRows(v.get("x"))));
        cases.add(
                new Case(
                        "exp scale",
                        shapes("x", shape(4, 6), "s", shape()),
                        (g, v) -> g.expScale(v.get("x"), v.get("s"))));
        cases.add(
                new Case(
                        "cross-entropy",
                        shapes("x", shape(4, 6)),
                        (g, v) -> g.crossEntropy(v.get("x"), labels(v.get("x")))));
        cases.add(
                new Case(
                        "class tokens",
                        shapes("x", shape(8, 3), "cls", shape(3), "pos", shape(5, 3)),
                        (g, v) -> g.classTokens(v.get("x"), v.get("cls"), v.get("pos"))));
        convolutionCases(cases);
        raggedCases(cases);
        AttentionLayout images = AttentionLayout.unmasked(2, 3, 4);
        AttentionLayout prompts =
                new AttentionLayout(
                        2,
                        Queries.ALL,
                        true,
                        3,
                        List.of(new Group(2, 2), new Group(1, 1), new Group(3, 4)));
        AttentionLayout alone =
                new AttentionLayout(2, Queries.ALL, true, 0, List.of(new Group(2, 3)));
        cases.add(attention("attention of images", images));
        cases.add(attention("attention of prompts with a shared prefix", prompts));
        cases.add(attention("attention of prompts without a prefix", alone));
        cases.add(queryAttention("attention of class tokens", images, Queries.FIRST));
        cases.add(queryAttention("attention of end tokens", prompts, Queries.LAST));
        cases.add(queryAttention("attention of end tokens, no prefix", alone, Queries.LAST));
        return cases.stream();
    }

    /** Sequences of 2, 1 and 4 rows, then two rows of no sequence. */
    private static void raggedCases(List<Case> cases) {
        double[] starts = {0, 2, 3, 7};
        cases.add(
                new Case(
                        "ragged attention",
                        shapes("qkv", shape(9, 3 * 6)),
                        (g, v) -> {
                            SDVariable at = numbers(v.get("qkv"), "starts", starts);
                            return g.raggedAttention(2, 4, v.get("qkv"), at);
                        }));
        cases.add(
                new Case(
                        "ragged attention of end tokens",
                        shapes("q", shape(3, 6), "kv", shape(9, 2 * 6)),
                        (g, v) -> {
                            SDVariable at = numbers(v.get("q"), "starts", starts);
                            return g.raggedAttention(2, 5, v.get("q"), v.get("kv"), at);
                        }));
        cases.add(
                new Case(
                        "last rows",
                        shapes("x", shape(9, 4)),
                        (g, v) -> g.lastRows(v.get("x"), numbers(v.get("x"), "starts", starts))));
        cases.add(
                new Case(
                        "embed tokens",
                        shapes("table", shape(5, 4), "pos", shape(6, 4)),
                        (g, v) ->
                                g.embedTokens(
                                        v.get("table"),
                                        v.get("pos"),
                                        numbers(v.get("pos"), "tokens", 1, 3, 1, 1, 4, -1, -1),
                                        numbers(v.get("pos"), "places", 0, 1, 0, 1, 2, 0, 0))));
        cases.add(
                new Case(
                        "contrastive loss",
                        shapes("x", shape(5, 5)),
                        (g, v) -> g.contrastiveLoss(v.get("x"))));
    }

    private static SDVariable numbers(SDVariable like, String name, double... values) {
        INDArray array = Nd4j.createFromArray(values).castTo(like.dataType());
        return like.getSameDiff().constant(name, array);
    }

    private static void convolutionCases(List<Case> cases) {
        cases.add(convolution("convolution", new Grid(4, 6), 1));
        cases.add(convolution("convolution of odd sides", new Grid(5, 3), 1));
        cases.add(convolution("convolution of single pixels", new Grid(1, 1), 1));
        cases.add(convolution("convolution with stride 2", new Grid(4, 6), 2));
        cases.add(convolution("convolution of odd sides with stride 2", new Grid(5, 3), 2));
        cases.add(
                new Case(
                        "convolution with bias",
                        shapes("x", shape(2 * 16, 3), "w", shape(27, 5), "b", shape(5)),
                        (g, v) ->
                                g.convolution(
                                        v.get("x"), v.get("w"), v.get("b"), new Grid(4, 4), 1)));
        cases.add(
                new Case(
                        "convolution with bias and stride 2",
                        shapes("x", shape(2 * 16, 3), "w", shape(27, 5), "b", shape(5)),
                        (g, v) ->
                                g.convolution(
                                        v.get("x"), v.get("w"), v.get("b"), new Grid(4, 4), 2)));
        for (BatchNorm.Then then : BatchNorm.Then.values()) {
            cases.add(
                    new Case(
                            "batch norm, then " + then,
                            shapes("x", shape(24, 5), "gain", shape(5), "bias", shape(5)),
                            (g, v) ->
                                    g.batchNorm(then, v.get("x"), v.get("gain"), v.get("bias"))[
                                            0]));
        }
        cases.add(
                new Case(
                        "average pool",
                        shapes("x", shape(2 * 24, 3)),
                        (g, v) -> g.averagePool(v.get("x"), new Grid(4, 6), 2)));
        cases.add(
                new Case(
                        "mean tokens",
                        shapes("x", shape(8, 3), "pos", shape(5, 3)),
                        (g, v) -> g.meanTokens(v.get("x"), v.get("pos"))));
        cases.add(
                new Case(
                        "project with bias",
                        shapes("x", shape(6, 4), "w", shape(4, 3), "b", shape(3)),
                        (g, v) -> g.project(v.get("x"), v.get("w"), v.get("b"))));
    }

    private static Case convolution(String name, Grid grid, int stride) {
        return new Case(
                name,
                shapes("x", shape(3L * grid.pixels(), 2), "w", shape(18, 4)),
                (g, v) -> g.convolution(v.get("x"), v.get("w"), grid, stride));
    }

    private static Case attention(String name, AttentionLayout layout) {
        return new Case(
                name,
                shapes("qkv", shape(layout.rows(), 3 * 6)),
                (g, v) -> g.attention(layout, v.get("qkv")));
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

    /** A case's graph with the loss Σ output · weights, so that every output matters. */
    private static final class Built {
        final Graph graph = Graph.create();
        final Map<String, INDArray> arrays = new TreeMap<>();
        final SDVariable loss;

        Built(Case c, DataType type) {
            Random random = new Random(7);
            Map<String, SDVariable> variables = new TreeMap<>();
            c.shapes.forEach(
                    (name, shape) -> {
                        INDArray array = gaussian(random, shape).castTo(type);
                        arrays.put(name, array);
                        variables.put(name, graph.variable(name, array));
                    });
            SDVariable y = c.build.apply(graph, variables);
            ExecutionPlan forward = graph.plan(List.of(y.name()), new Workers(1));
            long[] shape = forward.output(y.name()).shape();
            INDArray weights = gaussian(random, shape).castTo(type);
            loss = y.mul(graph.constant("weights", weights)).sum().rename("loss");
            graph.differentiate(loss);
        }

        private static INDArray gaussian(Random random, long[] shape) {
            INDArray array = Nd4j.create(DataType.DOUBLE, shape);
            for (long i = 0; i < array.length(); i++) {
                array.putScalar(i, random.nextGaussian());
            }
            return array;
        }

        List<String> trained() {
            return arrays.keySet().stream().filter(n -> !n.equals("base")).toList();
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void gradientEqualsCentralDifferences(Case c) {
        Built built = new Built(c, DataType.DOUBLE);
        Workers workers = new Workers(1);
        ExecutionPlan plan = built.graph.gradientPlan(List.of("loss"), built.trained(), workers);
        ExecutionPlan forward = built.graph.plan(List.of("loss"), workers);
        Random random = new Random(11);
        for (String name : built.trained()) {
            plan.run();
            INDArray analytic = plan.output(Graph.gradientName(name)).dup();
            INDArray array = built.arrays.get(name);
            long[] checked =
                    random.longs(0, array.length())
                            .distinct()
                            .limit(Math.min(array.length(), ELEMENTS))
                            .toArray();
            for (long i : checked) {
                double value = array.getDouble(i);
                array.putScalar(i, value + STEP);
                forward.run();
                double above = forward.output("loss").getDouble(0);
                array.putScalar(i, value - STEP);
                forward.run();
                double below = forward.output("loss").getDouble(0);
                array.putScalar(i, value);
                double numeric = (above - below) / (2 * STEP);
                assertThat(analytic.getDouble(i))
                        .as("%s of %s at %d", c, name, i)
                        .isCloseTo(
                                numeric,
                                org.assertj.core.data.Offset.offset(
                                        DOUBLE_TOLERANCE * (1 + Math.abs(numeric))));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void hostKernelsEqualThePortableDefinition(Case c) {
        Built exact = new Built(c, DataType.DOUBLE);
        Built fast = new Built(c, DataType.FLOAT);
        for (int threads : new int[] {1, 3}) {
            try (Workers workers = new Workers(threads)) {
                ExecutionPlan reference =
                        exact.graph.gradientPlan(List.of("loss"), exact.trained(), workers);
                ExecutionPlan plan =
                        fast.graph.gradientPlan(List.of("loss"), fast.trained(), workers);
                reference.run();
                plan.run();
                plan.run();
                assertClose(c, "loss", reference, plan);
                for (String name : exact.trained()) {
                    assertClose(c, Graph.gradientName(name), reference, plan);
                }
            }
        }
    }

    private static void assertClose(
            Case c, String output, ExecutionPlan reference, ExecutionPlan plan) {
        INDArray expected = reference.output(output);
        INDArray actual = plan.output(output);
        assertThat(actual.shape()).isEqualTo(expected.shape());
        double scale = expected.amaxNumber().doubleValue() + 1e-3;
        for (long i = 0; i < expected.length(); i++) {
            assertThat(actual.getDouble(i))
                    .as("%s, %s at %d", c, output, i)
                    .isCloseTo(
                            expected.getDouble(i),
                            org.assertj.core.data.Offset.offset(FLOAT_TOLERANCE * scale));
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void planEqualsTheSession(Case c) {
        Built built = new Built(c, DataType.FLOAT);
        Map<String, INDArray> expected =
                built.graph
                        .sameDiff()
                        .calculateGradients(Map.of(), built.trained().toArray(String[]::new));
        try (Workers workers = new Workers(2)) {
            ExecutionPlan plan =
                    built.graph.gradientPlan(List.of("loss"), built.trained(), workers);
            plan.run();
            for (String name : built.trained()) {
                INDArray actual = plan.output(Graph.gradientName(name));
                double scale = expected.get(name).amaxNumber().doubleValue() + 1e-3;
                assertThat(actual.sub(expected.get(name)).amaxNumber().doubleValue())
                        .as("%s, gradient of %s", c, name)
                        .isLessThan(FLOAT_TOLERANCE * scale);
            }
        }
    }
}
