package org.coop4j.graph.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.coop4j.graph.ExecutionPlan;
import org.coop4j.graph.Graph;
import org.coop4j.graph.RequiresBfloat16;
import org.coop4j.graph.host.Workers.WeightForms;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

class NativeMemoryTest {

    private static void assertAligned(Pointer memory) {
        assertThat(memory.address() % NativeMemory.LINE).isZero();
    }

    private static void assertAligned(INDArray array) {
        assertAligned(HostMatrix.of(array).pointer(0, 0));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 63, 64, 65, 1000, 1 << 20})
    void memoryStartsAtACacheLineAndIsFreedAtOnce(int bytes) {
        long before = Pointer.totalBytes();
        BytePointer memory = NativeMemory.allocate(bytes);
        assertAligned(memory);
        assertThat(memory.capacity()).isEqualTo(bytes);
        memory.close();
        assertThat(memory.isNull()).isTrue();
        assertThat(Pointer.totalBytes()).isLessThanOrEqualTo(before);
    }

    @Test
    void scratchOfEachWorkerIsAligned() {
        try (Workers workers = new Workers(3)) {
            for (int part = 0; part < 3; part++) {
                assertAligned(workers.scratch(part, 100));
                assertAligned(workers.scratch(part, 100_000));
            }
        }
    }

    @Test
    @RequiresBfloat16
    void packedWeightsAreAligned() {
        Graph graph = Graph.create();
        SDVariable x = graph.placeholder("x", DataType.FLOAT, 9, 48);
        SDVariable w = graph.constant("w", NativeMemory.array(DataType.FLOAT, 33, 48));
        SDVariable y = graph.in(Precision.BFLOAT16).linear(x, w);
        try (Workers workers = new Workers(2);
                ExecutionPlan plan = graph.plan(Map.of("y", y), workers)) {
            plan.run();
            assertThat(workers.weightForms().copies()).hasSize(1);
            workers.weightForms().copies().forEach(NativeMemoryTest::assertAligned);
        }
    }

    @Test
    void inputsConstantsAndIntermediateValuesOfAPlanAreAligned() {
        if (Backend.currentForm() == Backend.Form.PORTABLE) {
            return;
        }
        Random random = new Random(1);
        Graph graph = Graph.create();
        INDArray w = NativeMemory.array(DataType.FLOAT, 19, 17);
        for (int i = 0; i < 19 * 17; i++) {
            HostMatrix.of(w).buffer().put(i, random.nextFloat());
        }
        SDVariable x = graph.placeholder("x", DataType.FLOAT, 3, 17);
        SDVariable y = graph.linear(x, graph.constant("w", w)); // [3, 19]
        SDVariable z = graph.normalizeRows(y);
        try (Workers workers = new Workers(2);
                ExecutionPlan plan = graph.plan(Map.of("y", y, "z", z), workers)) {
            List.of(w, plan.input("x"), plan.output("y"), plan.output("z")).forEach(NativeMemoryTest::assertAligned);
        }
        NativeMemory.free(w);
        DataBuffer whole = w.data().originalDataBuffer();
        assertThat((whole == null ? w.data() : whole).closeable()).isFalse();
    }

    private final WeightForms forms = new WeightForms();
    private final List<List<Object>> made = new ArrayList<>();

    private BytePointer take(List<Object> key) {
        return forms.take(key, () -> {
            made.add(key);
            return new BytePointer(8);
        });
    }

    @Test
    void kernelsShareACopyUntilTheLastGivesItBack() {
        List<Object> key = List.of(1000L, "packed");
        BytePointer first = take(key);
        assertThat(take(List.of(1000L, "packed"))).isSameAs(first);
        forms.giveBack(key);
        assertThat(first.isNull()).isFalse();
        forms.giveBack(key);
        assertThat(first.isNull()).isTrue();
        assertThat(forms.copies()).isEmpty();
        BytePointer next = take(key);
        assertThat(next.isNull()).isFalse();
        assertThat(made).containsExactly(key, key);
        forms.giveBack(key);
    }
}
