package org.coop4j.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Map;
import org.coop4j.graph.host.ArrayValues;
import org.coop4j.graph.host.Workers;
import org.junit.jupiter.api.Test;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

class DropoutTest {

    private static final int ROWS = 300;
    private static final int COLUMNS = 70;
    private static final double RATE = 0.25;

    /** The result of ones, and the gradient of its sum, which must have dropped the same elements. */
    private static float[][] dropped(int threads, float... draws) {
        Graph graph = Graph.create();
        SDVariable x = graph.variable("x", Nd4j.ones(DataType.FLOAT, ROWS, COLUMNS));
        SDVariable y = graph.dropout(x, RATE, graph.placeholder("draws", DataType.FLOAT, 2), 3);
        SDVariable sum = graph.innerProduct(y, graph.constant("ones", Nd4j.ones(DataType.FLOAT, ROWS, COLUMNS)));
        SDVariable gradient = graph.differentiate(sum).get("x");
        try (Workers workers = new Workers(threads);
                ExecutionPlan plan = graph.plan(Map.of("y", y, "gradient", gradient), workers)) {
            ArrayValues.of(plan.input("draws")).fill(draws);
            plan.run();
            return new float[][] {
                ArrayValues.of(plan.output("y")).toArray(),
                ArrayValues.of(plan.output("gradient")).toArray()
            };
        }
    }

    @Test
    void aShareIsDroppedTheRestIsScaledAndTheGradientDropsTheSame() {
        float[][] one = dropped(1, 5, 7);
        int zeros = 0;
        for (float value : one[0]) {
            zeros += value == 0 ? 1 : 0;
            assertThat(value).isIn(0f, (float) (1 / (1 - RATE)));
        }
        assertThat((double) zeros / one[0].length).isCloseTo(RATE, within(0.01));
        assertThat(one[1]).isEqualTo(one[0]);
        assertThat(dropped(3, 5, 7)[0]).isEqualTo(one[0]);
        assertThat(dropped(1, 5, 8)[0]).isNotEqualTo(one[0]);
        assertThat(dropped(1, 6, 7)[0]).isNotEqualTo(one[0]);
    }
}
