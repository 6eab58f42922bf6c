package org.coop4j.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.base.Thrown.assertThrown;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.coop4j.base.RefusedException;
import org.coop4j.graph.AttentionLayout;
import org.coop4j.graph.AttentionLayout.Group;
import org.coop4j.graph.AttentionLayout.Queries;
import org.coop4j.graph.LearnedTensor;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;

class PackedPromptsTest {

    private static final int END = 99;

    /** Prompts of a random vocabulary of three, so that long common beginnings are frequent. */
    static Stream<List<int[]>> prompts() {
        List<List<int[]>> cases = new ArrayList<>();
        Random random = new Random(3);
        for (int n = 0; n < 60; n++) {
            List<int[]> prompts = new ArrayList<>();
            int classes = 1 + random.nextInt(9);
            int shared = random.nextInt(5);
            for (int c = 0; c < classes; c++) {
                int[] prompt = new int[shared + 1 + random.nextInt(6)];
                for (int i = 0; i < prompt.length - 1; i++) {
                    prompt[i] = i < shared ? PackedPrompts.context(i) : random.nextInt(3);
                }
                prompt[prompt.length - 1] = END;
                prompts.add(prompt);
            }
            cases.add(prompts);
        }
        cases.add(List.of(new int[] {1, 2, END}));
        cases.add(List.of(new int[] {END}));
        cases.add(List.of(new int[] {1, 2, END}, new int[] {1, 2, END}, new int[] {1, 2, END}));
        cases.add(List.of(new int[] {1, 2, 3, 4, END}, new int[] {1, 2, END}));
        cases.add(List.of(new int[] {1, END}, new int[] {END}, new int[] {1, 1, END}));
        return cases.stream();
    }

    @ParameterizedTest
    @MethodSource("prompts")
    void everyPromptIsTheLongestPrefixAndItsRows(List<int[]> prompts) {
        PackedPrompts packed = new PackedPrompts(prompts, 1);
        int[] starts = new int[prompts.size()];
        int[] lengths = new int[prompts.size()];
        int sequence = 0;
        int row = packed.prefix();
        for (Group group : packed.layout().groups()) {
            for (int s = 0; s < group.sequences(); s++) {
                starts[sequence] = row;
                lengths[sequence++] = group.length();
                row += group.length();
            }
        }
        assertThat(row).isEqualTo(packed.rows());
        int[] sequences = packed.sequenceOfPrompt();
        assertThat(Arrays.stream(sequences).sorted().toArray())
                .isEqualTo(IntStream.range(0, prompts.size()).toArray());
        for (int p = 0; p < prompts.size(); p++) {
            int[] rebuilt = new int[packed.prefix() + lengths[sequences[p]]];
            for (int i = 0; i < rebuilt.length; i++) {
                int at = i < packed.prefix() ? i : starts[sequences[p]] + i - packed.prefix();
                rebuilt[i] = packed.token(at);
                assertThat(packed.position(at)).isEqualTo(i);
            }
            assertThat(rebuilt).isEqualTo(prompts.get(p));
        }
        int prefix = packed.prefix();
        int shortest = prompts.stream().mapToInt(p -> p.length).min().orElseThrow();
        assertThat(prefix).isLessThan(shortest);
        if (prefix + 1 < shortest) {
            assertThat(prompts.stream().mapToInt(p -> p[prefix]).distinct()).hasSizeGreaterThan(1);
        }
    }

    @ParameterizedTest
    @MethodSource("prompts")
    void groupsAscendInLengthAndEachSequenceEndsInItsEndToken(List<int[]> prompts) {
        PackedPrompts packed = new PackedPrompts(prompts, 1);
        AttentionLayout layout = packed.layout();
        assertThat(layout.groups().stream().map(Group::length).toList())
                .isSorted()
                .doesNotHaveDuplicates();
        assertThat(layout.causal()).isTrue();
        assertThat(layout.sequences()).isEqualTo(prompts.size());
        assertThat(IntStream.range(0, packed.rows()).filter(row -> packed.token(row) == END))
                .as("one end token per prompt and none shared")
                .hasSize(prompts.size());
        for (int row : layout.withQueries(Queries.LAST).selectedRows()) {
            assertThat(packed.token(row)).isEqualTo(END);
        }
    }

    @Test
    void promptsOfOneLengthKeepTheirOrder() {
        List<int[]> prompts = List.of(new int[] {5, END}, new int[] {3, END}, new int[] {END}, new int[] {4, END});
        assertThat(new PackedPrompts(prompts, 1).sequenceOfPrompt()).containsExactly(1, 2, 0, 3);
    }

    @Test
    void aUnifiedContextAtTheEndOfAHundredClassesIsSharedOnce() {
        List<int[]> prompts = new ArrayList<>();
        for (int c = 0; c < 100; c++) {
            int[] prompt = new int[1 + 16 + 2 + 1 + 1];
            for (int v = 0; v < 16; v++) {
                prompt[1 + v] = PackedPrompts.context(v);
            }
            prompt[17] = 100 + c;
            prompt[18] = 1;
            prompt[19] = 2;
            prompt[20] = 400;
            prompts.add(prompt);
        }
        assertThat(new PackedPrompts(prompts, 1).rows()).isEqualTo(17 + 100 * 4);
    }

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
        assertThrown(RefusedException.class, () -> watched.step(new MemoryLimit(1)));
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
            assertThrown(IllegalStateException.class, () -> watched.step(half));
            assertThat(watched.arrays).hasSize(graphs + 1).allMatch(INDArray::wasClosed);
        }
    }
}
