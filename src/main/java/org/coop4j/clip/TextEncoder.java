package org.coop4j.clip;

import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.graph.ExecutionPlan;
import org.coop4j.graph.Graph;
import org.coop4j.graph.host.ArrayValues;
import org.coop4j.weights.model.ClipConfig;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Encodes token sequences with the frozen text tower. */
record TextEncoder(NativeWeights weights) {

    /** Packed rows of the prompts that are encoded at a time, about; bounds the memory. */
    private static final int ROWS_PER_PART = 8192;

    /**
     * Text features, not normalised, one row per sequence. Equal sequences have equal bits, wherever they stand, so that
     * rounding never decides between two classes with one prompt.
     *
     * @param sequences token ids; what follows the end token is ignored
     */
    FeatureMatrix encode(List<int[]> sequences) {
        Map<IntBuffer, Integer> distinct = new LinkedHashMap<>();
        int[] rows = new int[sequences.size()];
        for (int i = 0; i < rows.length; i++) {
            int[] ids = sequences.get(i);
            IntBuffer prompt = IntBuffer.wrap(Arrays.copyOf(ids, endToken(ids) + 1));
            rows[i] = distinct.computeIfAbsent(prompt, unknown -> distinct.size());
        }
        FeatureMatrix features =
                encodeAll(distinct.keySet().stream().map(IntBuffer::array).toList());
        return features.rows() == rows.length ? features : features.rows(rows);
    }

    private FeatureMatrix encodeAll(List<int[]> prompts) {
        int embed = weights.architecture().embedDim();
        float[] features = new float[Math.multiplyExact(prompts.size(), embed)];
        int from = 0;
        while (from < prompts.size()) {
            int to = from;
            int rows = 0;
            while (to < prompts.size() && (to == from || rows + prompts.get(to).length <= ROWS_PER_PART)) {
                rows += prompts.get(to).length;
                to++;
            }
            encodePart(prompts.subList(from, to), features, from * embed, embed);
            from = to;
        }
        return FeatureMatrix.of(prompts.size(), embed, features);
    }

    /** The first place of the largest id. */
    private static int endToken(int[] ids) {
        int end = 0;
        for (int i = 1; i < ids.length; i++) {
            if (ids[i] > ids[end]) {
                end = i;
            }
        }
        return end;
    }

    private void encodePart(List<int[]> prompts, float[] target, int offset, int embed) {
        int heads = weights.architecture().text().heads();
        PackedPrompts packed = PackedPrompts.of(new ArrayList<>(prompts), heads);
        Graph graph = Graph.create();
        try (INDArray embedded = TextTransformer.embeddings(weights, packed)) {
            SDVariable x = graph.constant("prompts", embedded); // [rows, width]
            SDVariable features = in(graph).forward(x, packed.layout()); // [prompts, embed]
            try (ExecutionPlan plan = graph.plan(List.of(features.name()), weights.workers())) {
                plan.run();
                ArrayValues result = ArrayValues.of(plan.output(features.name()));
                result.load();
                int[] sequence = packed.sequenceOfPrompt();
                for (int i = 0; i < sequence.length; i++) {
                    int row = sequence[i] * embed;
                    result.buffer().get(row, target, offset + i * embed, embed);
                }
            }
        }
    }

    /** Approximate number of multiplications to encode a token. */
    double tokenWork() {
        ClipConfig.Text text = weights.architecture().text();
        double width = text.width();
        // A block's projections and MLP have 12 weights per square of the width.
        return 12 * text.layers() * width * width;
    }

    /** The text tower in a graph. */
    TextTransformer in(Graph graph) {
        return new TextTransformer(
                new Parameters.Frozen(graph, weights),
                weights.architecture().text(),
                weights.model().activation());
    }
}
