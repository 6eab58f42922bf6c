package org.coop4j.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.coop4j.graph.Graph.Grid;
import org.coop4j.graph.host.Workers;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Convolutions in float32 against the portable definition in double precision: oneDNN's with frozen kernels. */
@Tag("portable")
class ConvolutionTest {

    private static final double TOLERANCE = 2e-5;

    private final Random random = new Random(5);

    private INDArray gaussian(long... shape) {
        INDArray array = Nd4j.create(DataType.DOUBLE, shape);
        for (long i = 0; i < array.length(); i++) {
            array.putScalar(i, random.nextGaussian());
        }
        return array;
    }

    private static ExecutionPlan plan(Workers workers, Grid grid, int stride, boolean frozen, INDArray... arrays) {
        Graph graph = Graph.create();
        SDVariable x = graph.placeholder("x", arrays[0].dataType(), arrays[0].shape());
        SDVariable kernel = frozen ? graph.constant("kernel", arrays[1]) : graph.variable("kernel", arrays[1]);
        SDVariable y = arrays.length == 2
                ? graph.convolution(x, kernel, grid, stride)
                : graph.convolution(x, kernel, grid, stride, graph.constant("bias", arrays[2]));
        y.rename("y");
        ExecutionPlan plan = Sessions.plan(graph, List.of("y"), workers);
        plan.input("x").assign(arrays[0]);
        plan.run();
        plan.run();
        return plan;
    }

    private static void assertClose(INDArray expected, INDArray actual) {
        assertThat(actual.shape()).isEqualTo(expected.shape());
        double scale = expected.amaxNumber().doubleValue();
        for (long i = 0; i < expected.length(); i++) {
            assertThat(actual.getDouble(i)).isCloseTo(expected.getDouble(i), within(TOLERANCE * scale));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "1, 8, 6, 1, 1",
        "3, 8, 6, 1, 2",
        "1, 7, 5, 1, 3",
        "2, 7, 5, 2, 3",
        "1, 8, 8, 2, 5",
        "5, 8, 8, 2, 2",
        "1, 1, 1, 1, 4",
        "1, 1, 3, 2, 2",
        "3, 2, 2, 1, 8",
        "1, 4, 4, 1, 16"
    })
    void equalsThePortableDefinition(int images, int height, int width, int stride, int threads) {
        Grid grid = new Grid(height, width);
        INDArray x = gaussian((long) images * grid.pixels(), 5);
        INDArray kernel = gaussian(45, 7);
        INDArray bias = gaussian(7);
        try (Workers workers = new Workers(threads)) {
            for (INDArray[] arrays : List.of(new INDArray[] {x, kernel}, new INDArray[] {x, kernel, bias})) {
                INDArray[] singles = new INDArray[arrays.length];
                Arrays.setAll(singles, i -> arrays[i].castTo(DataType.FLOAT));
                try (ExecutionPlan exact = plan(workers, grid, stride, true, arrays);
                        ExecutionPlan frozen = plan(workers, grid, stride, true, singles);
                        ExecutionPlan trained = plan(workers, grid, stride, false, singles)) {
                    assertClose(exact.output("y"), frozen.output("y"));
                    assertClose(exact.output("y"), trained.output("y"));
                }
            }
        }
    }
}
