package org.coop4j.graph;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.BiFunction;
import org.coop4j.graph.host.Workers;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Checks of ops: every op's expression against central differences in double precision, then its host kernels in float
 * against the expression in double.
 */
public abstract class OpGradientChecks {

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
    public record Case(
            String name, Map<String, long[]> shapes, BiFunction<Graph, Map<String, SDVariable>, SDVariable> build) {
        @Override
        public String toString() {
            return name;
        }
    }

    /** An empty graph to build a case in. */
    protected Graph newGraph() {
        return Graph.create();
    }

    protected static Map<String, long[]> shapes(Object... namesAndShapes) {
        Map<String, long[]> shapes = new TreeMap<>();
        for (int i = 0; i < namesAndShapes.length; i += 2) {
            shapes.put((String) namesAndShapes[i], (long[]) namesAndShapes[i + 1]);
        }
        return shapes;
    }

    protected static long[] shape(long... sizes) {
        return sizes;
    }

    /** A case's graph with the loss Σ output · weights, so that every output matters. */
    private static final class Built {
        final Graph graph;
        final Map<String, INDArray> arrays = new TreeMap<>();
        final Map<String, SDVariable> gradients;

        Built(Graph graph, Case c, DataType type) {
            this.graph = graph;
            Random random = new Random(7);
            Map<String, SDVariable> variables = new TreeMap<>();
            c.shapes.forEach((name, shape) -> {
                INDArray array = gaussian(random, shape).castTo(type);
                arrays.put(name, array);
                variables.put(name, graph.variable(name, array));
            });
            SDVariable y = c.build.apply(graph, variables);
            ExecutionPlan forward = Sessions.plan(graph, List.of(y.name()), new Workers(1));
            long[] shape = forward.output(y.name()).shape();
            INDArray weights = gaussian(random, shape).castTo(type);
            SDVariable loss = y.mul(graph.constant("weights", weights)).sum().rename("loss");
            gradients = graph.differentiate(loss);
        }

        private static INDArray gaussian(Random random, long[] shape) {
            INDArray array = Nd4j.create(DataType.DOUBLE, shape);
            for (long i = 0; i < array.length(); i++) {
                array.putScalar(i, random.nextGaussian());
            }
            return array;
        }

        /** A plan of the loss and of the gradient of each trained variable, by the variable's name. */
        ExecutionPlan plan(Workers workers) {
            Map<String, SDVariable> outputs = new TreeMap<>(gradients);
            outputs.keySet().retainAll(trained());
            outputs.put("loss", graph.sameDiff().getVariable("loss"));
            return graph.plan(outputs, workers);
        }

        List<String> trained() {
            return arrays.keySet().stream().filter(n -> !n.equals("base")).toList();
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void gradientEqualsCentralDifferences(Case c) {
        Built built = new Built(newGraph(), c, DataType.DOUBLE);
        Workers workers = new Workers(1);
        ExecutionPlan plan = built.plan(workers);
        ExecutionPlan forward = Sessions.plan(built.graph, List.of("loss"), workers);
        Random random = new Random(11);
        for (String name : built.trained()) {
            plan.run();
            INDArray analytic = plan.output(name).dup();
            INDArray array = built.arrays.get(name);
            long[] checked = random.longs(0, array.length())
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
                                org.assertj.core.data.Offset.offset(DOUBLE_TOLERANCE * (1 + Math.abs(numeric))));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void hostKernelsEqualTheExpression(Case c) {
        Built exact = new Built(newGraph(), c, DataType.DOUBLE);
        Built fast = new Built(newGraph(), c, DataType.FLOAT);
        for (int threads : new int[] {1, 3}) {
            try (Workers workers = new Workers(threads)) {
                ExecutionPlan reference = exact.plan(workers);
                ExecutionPlan plan = fast.plan(workers);
                reference.run();
                plan.run();
                plan.run();
                assertClose(c, "loss", reference, plan);
                for (String name : exact.trained()) {
                    assertClose(c, name, reference, plan);
                }
            }
        }
    }

    private static void assertClose(Case c, String output, ExecutionPlan reference, ExecutionPlan plan) {
        INDArray expected = reference.output(output);
        INDArray actual = plan.output(output);
        assertThat(actual.shape()).isEqualTo(expected.shape());
        double scale = expected.amaxNumber().doubleValue() + 1e-3;
        for (long i = 0; i < expected.length(); i++) {
            assertThat(actual.getDouble(i))
                    .as("%s, %s at %d", c, output, i)
                    .isCloseTo(expected.getDouble(i), org.assertj.core.data.Offset.offset(FLOAT_TOLERANCE * scale));
        }
    }
}
