package org.coop4j.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.coop4j.graph.LearnedTensor;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Native memory of steps that cannot be planned to their end. */
class PlannedMemoryTest {

    private static final int VECTORS = 2;
    private static final int BATCH = 3;

    @TempDir
    static Path folder;

    @AutoClose
    private static Clip clip;

    private static PromptEncoder encoder;

    @BeforeAll
    static void open() throws IOException {
        clip = TinyModel.open(TinyModel.write(folder.resolve("model.safetensors"), 3), 1);
        encoder = clip.promptEncoder(IntStream.range(0, 6)
                .mapToObj(c -> new int[] {49_406, PackedPrompts.context(0), PackedPrompts.context(1), 320 + c, 49_407})
                .toList());
    }

    /** Vectors and a loss that remember an array of each graph that is made of them. */
    private static final class Watched implements PromptEncoder.Vectors, PromptEncoder.Loss {

        private final LearnedTensor context = LearnedTensor.zeros(
                "ctx", VECTORS, TinyModel.ARCHITECTURE.text().width());
        private final List<INDArray> arrays = new ArrayList<>();
        private final int graphs;

        /**
         * @param graphs number of graphs that can be built
         */
        Watched(int graphs) {
            this.graphs = graphs;
        }

        @Override
        public List<LearnedTensor> learned() {
            return List.of(context);
        }

        @Override
        public SDVariable context(StepGraph step) {
            watch(step);
            return step.learned("ctx");
        }

        @Override
        public SDVariable of(StepGraph step, SDVariable classFeatures) {
            watch(step);
            return step.crossEntropy(step.cosineLogits(step.ops().normalizeRows(classFeatures)));
        }

        private void watch(StepGraph step) {
            arrays.add(step.learned("ctx").getArr());
            if (arrays.size() > graphs) {
                throw new IllegalStateException("one graph too many");
            }
        }

        Step step(MemoryLimit memory) {
            return encoder.step(this, this, BATCH, memory);
        }
    }

    private static long wholeBytes() {
        try (Step step = new Watched(Integer.MAX_VALUE).step(MemoryLimit.none())) {
            return step.bytes();
        }
    }

    @Test
    void everyGraphIsFreedIfOneClassExceedsTheLimit() {
        Watched watched = new Watched(Integer.MAX_VALUE);
        assertThatThrownBy(() -> watched.step(new MemoryLimit(1))).isInstanceOf(MemoryLimit.ExceededException.class);
        assertThat(watched.arrays).hasSizeGreaterThan(encoder.classes()).allMatch(INDArray::wasClosed);
    }

    /** The whole step, the loss alone, and chunks: planning fails at each graph in turn. */
    @Test
    void everyGraphIsFreedIfPlanningFails() {
        MemoryLimit half = new MemoryLimit(wholeBytes() * 2 / 3);
        Watched all = new Watched(Integer.MAX_VALUE);
        try (Step step = all.step(half)) {
            assertThat(step.chunks()).isGreaterThan(1);
            assertThat(all.arrays).hasSizeGreaterThan(4);
            assertThat(all.arrays.get(all.arrays.size() - 1).wasClosed()).isFalse();
        }
        assertThat(all.arrays).allMatch(INDArray::wasClosed);
        for (int graphs = 0; graphs < all.arrays.size(); graphs++) {
            Watched watched = new Watched(graphs);
            assertThatThrownBy(() -> watched.step(half)).isInstanceOf(IllegalStateException.class);
            assertThat(watched.arrays).hasSize(graphs + 1).allMatch(INDArray::wasClosed);
        }
    }
}
