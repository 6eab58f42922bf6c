package org.coop4j.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.coop4j.graph.MemoryPlan.Slot;
import org.coop4j.graph.host.Workers;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The plan against SameDiff's own session, variable by variable. */
@Tag("portable")
class ExecutionPlanTest {

    private static final double TOLERANCE = 2e-6;

    @AutoClose
    private static final Workers WORKERS = new Workers(2);

    private static INDArray gaussian(long seed, long... shape) {
        Random random = new Random(seed);
        INDArray array = Nd4j.create(DataType.FLOAT, shape);
        for (long i = 0; i < array.length(); i++) {
            array.putScalar(i, (float) random.nextGaussian());
        }
        return array;
    }

    /** Graphs, mostly of ND4J's own ops, over a placeholder {@code x} [4, 6]. */
    enum Kind {
        ELEMENTWISE {
            @Override
            void build(Graph graph, SDVariable x) {
                SameDiff sd = graph.sameDiff();
                SDVariable a = sd.math().tanh(x);
                SDVariable b = sd.nn().sigmoid(x.add(a)).mul(x);
                SDVariable c = b.sub(a).div(sd.math().exp(a));
                c.add(1.5).mul(-0.25).add(sd.math().abs(b)).rename("end");
            }
        },
        BROADCAST {
            @Override
            void build(Graph graph, SDVariable x) {
                SDVariable row = graph.constant("row", gaussian(5, 6));
                SDVariable column = graph.variable("column", gaussian(6, 4, 1));
                SDVariable sum = x.add(row).add(column);
                sum.mul(column).sub(row).rename("end");
            }
        },
        MATRICES {
            @Override
            void build(Graph graph, SDVariable x) {
                SameDiff sd = graph.sameDiff();
                SDVariable w = graph.variable("w", gaussian(7, 6, 3));
                SDVariable y = x.mmul(w);
                SDVariable t = sd.transpose(y);
                sd.nn().softmax(t.mmul(y), 1).rename("end");
            }
        },
        REDUCTIONS {
            @Override
            void build(Graph graph, SDVariable x) {
                SDVariable centred = x.sub(x.mean(true, 1));
                SDVariable spread = centred.mul(centred).sum(true, 1);
                SDVariable largest = x.max(0);
                centred.div(spread).add(largest).sum().rename("end");
            }
        },
        VIEWS {
            @Override
            void build(Graph graph, SDVariable x) {
                SameDiff sd = graph.sameDiff();
                SDVariable doubled = x.mul(2);
                SDVariable flat = sd.reshape(doubled, 24);
                SDVariable same = sd.identity(flat);
                SDVariable back = sd.reshape(same, 6, 4);
                SDVariable both = back.add(sd.reshape(doubled, 6, 4));
                both.add(sd.transpose(x)).rename("end");
            }
        },
        PARTS {
            @Override
            void build(Graph graph, SDVariable x) {
                SameDiff sd = graph.sameDiff();
                SDVariable y = sd.concat(0, x, x.mul(3));
                SDVariable[] halves = sd.split(y, 2, 0);
                SDVariable piece = sd.slice(halves[1], new int[] {1, 2}, 2, 3);
                piece.mul(halves[0].sum()).rename("end");
            }
        };

        abstract void build(Graph graph, SDVariable x);
    }

    private static Graph graph(Kind kind) {
        Graph graph = Graph.create();
        kind.build(graph, graph.placeholder("x", DataType.FLOAT, 4, 6));
        return graph;
    }

    private static void assertEqual(String name, INDArray actual, INDArray expected) {
        assertThat(actual.shape()).as(name).isEqualTo(expected.shape());
        INDArray a = actual.dup('c').reshape(-1);
        INDArray e = expected.dup('c').reshape(-1);
        double scale = 1 + e.amaxNumber().doubleValue();
        for (long i = 0; i < e.length(); i++) {
            assertThat(a.getDouble(i)).as("%s at %d", name, i).isCloseTo(e.getDouble(i), within(TOLERANCE * scale));
        }
    }

    private static List<String> computed(Graph graph) {
        List<String> names = new ArrayList<>();
        for (SDVariable variable : graph.sameDiff().variables()) {
            if (graph.sameDiff().getVariables().get(variable.name()).getOutputOfOp() != null) {
                names.add(variable.name());
            }
        }
        return names;
    }

    @ParameterizedTest
    @EnumSource
    void everyVariableEqualsTheSessionsAloneAndTogetherForEachInput(Kind kind) {
        Graph graph = graph(kind);
        List<String> names = computed(graph);
        ExecutionPlan together = Sessions.plan(graph, names, WORKERS);
        for (long seed = 1; seed < 4; seed++) {
            INDArray x = gaussian(seed, 4, 6);
            Map<String, INDArray> expected = Sessions.output(graph, Map.of("x", x), names);
            together.input("x").assign(x);
            together.run();
            together.run();
            for (String name : names) {
                assertEqual(name + " together", together.output(name), expected.get(name));
                ExecutionPlan alone = Sessions.plan(graph, List.of(name), WORKERS);
                alone.input("x").assign(x);
                alone.run();
                alone.run();
                assertEqual(name + " alone", alone.output(name), expected.get(name));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"ELEMENTWISE", "BROADCAST", "MATRICES", "REDUCTIONS", "VIEWS"})
    void gradientsOfNd4jsOpsEqualTheSessions(Kind kind) {
        SameDiff other = squared(kind).sameDiff();
        other.setLossVariables("loss");
        INDArray expected = other.calculateGradients(Map.of(), "x").get("x");
        Graph graph = squared(kind);
        ExecutionPlan plan = graph.plan(graph.differentiate(graph.sameDiff().getVariable("loss")), WORKERS);
        plan.run();
        plan.run();
        assertEqual("gradient", plan.output("x"), expected);
    }

    private static Graph squared(Kind kind) {
        Graph graph = Graph.create();
        kind.build(graph, graph.variable("x", gaussian(1, 4, 6)));
        SDVariable end = graph.sameDiff().getVariable("end");
        end.mul(end).sum().rename("loss");
        return graph;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aChangedVariableIsSeenByTheNextRun(boolean transposed) {
        Graph graph = Graph.create();
        INDArray values = gaussian(1, 3, 2);
        SDVariable w = graph.variable("w", transposed ? values.transpose() : values);
        graph.sameDiff().reshape(w, 6).mul(1).rename("end");
        ExecutionPlan plan = Sessions.plan(graph, List.of("end"), WORKERS);
        for (int round = 0; round < 2; round++) {
            values.assign(gaussian(round, 3, 2));
            plan.run();
            INDArray now = transposed ? values.transpose() : values;
            assertEqual("end", plan.output("end"), now.dup('c').reshape(6));
        }
    }

    @Test
    void inputsAndConstantsAreNeverOverwritten() {
        Graph graph = Graph.create();
        INDArray c = gaussian(3, 4, 6);
        SDVariable x = graph.placeholder("x", DataType.FLOAT, 4, 6);
        SDVariable constant = graph.constant("c", c);
        graph.activation(Activation.Kind.GELU, graph.add(x, constant)).rename("first");
        graph.activation(Activation.Kind.GELU, constant).rename("second");
        graph.activation(Activation.Kind.GELU, x).rename("third");
        ExecutionPlan plan = Sessions.plan(graph, List.of("first", "second", "third"), WORKERS);
        INDArray value = gaussian(4, 4, 6);
        plan.input("x").assign(value);
        INDArray before = c.dup();
        plan.run();
        assertThat(plan.input("x")).isEqualTo(value);
        assertThat(c).isEqualTo(before);
    }

    @Test
    void anOutputIsNotOverwrittenByALaterOp() {
        Graph graph = Graph.create();
        SDVariable x = graph.placeholder("x", DataType.FLOAT, 2, 2);
        SDVariable a = graph.add(x, x).rename("a");
        graph.activation(Activation.Kind.QUICK_GELU, a).rename("b");
        ExecutionPlan plan = Sessions.plan(graph, List.of("b", "a"), WORKERS);
        plan.input("x").assign(1);
        plan.run();
        assertThat(plan.output("a").getFloat(0)).isEqualTo(2f);
        assertThat((double) plan.output("b").getFloat(0)).isCloseTo(2 / (1 + Math.exp(-3.404)), within(1e-6));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5})
    void memoryOfDeadValuesIsUsedAgain(int threads) {
        Graph graph = Graph.create();
        SDVariable x = graph.placeholder("x", DataType.FLOAT, 64, 64);
        SDVariable w = graph.constant("w", gaussian(1, 64, 64));
        SDVariable y = x;
        for (int i = 0; i < 10; i++) {
            y = graph.linear(y, w);
        }
        try (Workers workers = new Workers(threads)) {
            ExecutionPlan plan = Sessions.plan(graph, List.of(y.name()), workers);
            assertThat(plan.size()).isEqualTo(10);
            assertThat(plan.bytes()).isEqualTo(2 * 64 * 64 * 4);
            assertThat(plan.flops()).isEqualTo(10L * 2 * 64 * 64 * 64);
        }
    }

    /** Two plans of one graph in one arena, run in turns. */
    @Test
    void whatDependsOnConstantsAloneIsComputedOnceAndKept() {
        Graph graph = Graph.create();
        SDVariable x = graph.placeholder("x", DataType.FLOAT, 4, 6);
        SDVariable fixed = graph.constant("a", gaussian(1, 4, 6));
        for (int i = 0; i < 3; i++) {
            fixed = fixed.mmul(graph.constant("w" + i, gaussian(2 + i, 6, 6)));
        }
        SDVariable sum = graph.sameDiff().reshape(fixed, 4, 6).add(x);
        SDVariable twice = sum.add(x.add(fixed));
        String[] outputs = {sum.name(), twice.name(), fixed.name()};
        List<ExecutionPlan> plans = PlanDraft.bind(List.of(
                graph.draft(Map.of(outputs[0], sum), WORKERS),
                graph.draft(Map.of(outputs[1], twice, outputs[2], fixed), WORKERS)));
        assertThat(plans).extracting(ExecutionPlan::size).containsExactly(1, 3);
        assertThat(plans).extracting(ExecutionPlan::flops).containsOnly(0L);
        for (long seed = 1; seed < 4; seed++) {
            INDArray at = gaussian(seed, 4, 6);
            Map<String, INDArray> expected = Sessions.output(graph, Map.of("x", at), List.of(outputs));
            for (int i = 0; i < outputs.length; i++) {
                ExecutionPlan plan = plans.get(Math.min(i, 1));
                plan.input("x").assign(at);
                plan.run();
                assertEqual(outputs[i], plan.output(outputs[i]), expected.get(outputs[i]));
            }
        }
        plans.forEach(ExecutionPlan::close);
    }

    private static Slot slot(long length, int first, int last) {
        Slot slot = new Slot(length, first);
        slot.last = last;
        return slot;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
    void valuesThatAreAliveAtOnceNeverOverlap(int seed) {
        Random random = new Random(seed);
        List<Slot> slots = new ArrayList<>();
        int steps = 1 + random.nextInt(80);
        for (int i = 0; i < 200; i++) {
            int first = random.nextInt(steps);
            int last = Math.min(steps, first + random.nextInt(1 + random.nextInt(20)));
            slots.add(slot(random.nextInt(5) * 100L + random.nextInt(50), first, last));
        }
        long length = MemoryPlan.place(slots);
        long most = 0;
        for (int i = 0; i < slots.size(); i++) {
            Slot a = slots.get(i);
            assertThat(a.offset).isNotNegative();
            assertThat(a.offset % 16).as("aligned to 64 bytes").isZero();
            assertThat(a.offset + a.length).isLessThanOrEqualTo(length);
            most = Math.max(most, a.offset + a.length);
            for (int j = 0; j < i; j++) {
                Slot b = slots.get(j);
                boolean together = a.first <= b.last && b.first <= a.last;
                boolean overlap = a.offset < b.offset + b.length && b.offset < a.offset + a.length;
                assertThat(together && overlap).as("slots %d and %d", i, j).isFalse();
            }
        }
        assertThat(length - most).isBetween(0L, 15L);
    }
}
