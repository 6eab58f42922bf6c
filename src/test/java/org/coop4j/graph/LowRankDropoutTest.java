package org.coop4j.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import org.coop4j.graph.host.ArrayValues;
import org.coop4j.graph.host.Workers;
import org.junit.jupiter.api.Test;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

class LowRankDropoutTest {

    private static final int ROWS = 300;
    private static final int WIDTH = 70;
    private static final double RATE = 0.25;

    /**
     * Two branches whose A and B are identities, of ones: their sums are the elements that stay. The gradient of the sum in x
     * has those of both, that in A the number of rows in which an element stays.
     */
    private static Map<String, float[]> dropped(int threads, float... draws) {
        Graph graph = Graph.create();
        SDVariable x = graph.variable("x", Nd4j.ones(DataType.FLOAT, ROWS, WIDTH));
        SDVariable zeros = graph.constant("zeros", Nd4j.zeros(DataType.FLOAT, ROWS, 2 * WIDTH));
        SDVariable drawn = graph.placeholder("draws", DataType.FLOAT, 2);
        SDVariable b = graph.constant("b", Nd4j.eye(WIDTH).castTo(DataType.FLOAT));
        SDVariable first = graph.variable("first", Nd4j.eye(WIDTH).castTo(DataType.FLOAT));
        SDVariable second = graph.variable("second", Nd4j.eye(WIDTH).castTo(DataType.FLOAT));
        SDVariable y = graph.addLowRank(
                zeros,
                x,
                List.of(
                        new Graph.LowRank(first, b, 1, 0, new Graph.Dropout(RATE, drawn, 3)),
                        new Graph.LowRank(second, b, 1, WIDTH, new Graph.Dropout(RATE, drawn, 4))));
        SDVariable ones = graph.constant("ones", Nd4j.ones(DataType.FLOAT, ROWS, 2 * WIDTH));
        Map<String, SDVariable> gradients = graph.differentiate(graph.innerProduct(y, ones));
        Map<String, SDVariable> outputs = Map.of(
                "y", y, "dx", gradients.get("x"), "first", gradients.get("first"), "second", gradients.get("second"));
        try (Workers workers = new Workers(threads);
                ExecutionPlan plan = graph.plan(outputs, workers)) {
            ArrayValues.of(plan.input("draws")).fill(draws);
            plan.run();
            return Map.of(
                    "y", ArrayValues.of(plan.output("y")).toArray(),
                    "dx", ArrayValues.of(plan.output("dx")).toArray(),
                    "first", ArrayValues.of(plan.output("first")).toArray(),
                    "second", ArrayValues.of(plan.output("second")).toArray());
        }
    }

    @Test
    void aShareIsDroppedTheRestIsScaledAndTheGradientDropsTheSame() {
        float kept = (float) (1 / (1 - RATE));
        Map<String, float[]> one = dropped(1, 5, 7);
        float[] y = one.get("y");
        float[] dx = new float[ROWS * WIDTH];
        float[][] columns = new float[2][WIDTH];
        int zeros = 0;
        int alike = 0;
        for (int r = 0; r < ROWS; r++) {
            for (int c = 0; c < WIDTH; c++) {
                float first = y[r * 2 * WIDTH + c];
                float second = y[r * 2 * WIDTH + WIDTH + c];
                assertThat(first).isIn(0f, kept);
                assertThat(second).isIn(0f, kept);
                zeros += first == 0 ? 1 : 0;
                alike += first == second ? 1 : 0;
                dx[r * WIDTH + c] = first + second;
                columns[0][c] += first;
                columns[1][c] += second;
            }
        }
        assertThat((double) zeros / dx.length).isCloseTo(RATE, within(0.01));
        assertThat((double) alike / dx.length).isCloseTo(RATE * RATE + (1 - RATE) * (1 - RATE), within(0.01));
        assertThat(one.get("dx")).containsExactly(dx, within(1e-6f));
        for (int c = 0; c < WIDTH; c++) {
            assertThat(one.get("first")[c]).isCloseTo(columns[0][c], within(1e-3f));
            assertThat(one.get("second")[c]).isCloseTo(columns[1][c], within(1e-3f));
        }
        for (String output : one.keySet()) {
            assertThat(dropped(3, 5, 7).get(output)).as(output).isEqualTo(one.get(output));
        }
        assertThat(dropped(1, 5, 8).get("y")).isNotEqualTo(y);
        assertThat(dropped(1, 6, 7).get("y")).isNotEqualTo(y);
    }
}
