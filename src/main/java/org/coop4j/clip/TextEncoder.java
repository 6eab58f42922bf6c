package org.coop4j.clip;

import java.nio.IntBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.base.Heap;
import org.coop4j.eval.Predictions;
import org.coop4j.model.ClipConfig;

/** Encodes token sequences with the frozen text tower. */
record TextEncoder(NativeWeights weights) {

    /** Approximate number of tokens that are encoded at a time, to bound the memory. */
    private static final int ROWS_PER_PART = 8192;

    /**
     * Returns text features, not normalised, one row per sequence. Equal sequences have equal bits, wherever they
     * stand, so that rounding never decides between two classes with one prompt.
     *
     * @param sequences token ids; what follows the end token is ignored where the text tower has a causal mask
     * @throws IllegalArgumentException if it has none, and a sequence does not fill the context
     */
    FeatureMatrix encode(List<int[]> sequences) {
        ClipConfig.Text text = weights.architecture().text();
        Map<IntBuffer, Integer> distinct = new LinkedHashMap<>();
        int[] rows = new int[sequences.size()];
        for (int i = 0; i < rows.length; i++) {
            int[] ids = sequences.get(i);
            IntBuffer prompt = IntBuffer.wrap(text.unmasked() ? ids : Arrays.copyOf(ids, endToken(ids) + 1));
            rows[i] = distinct.computeIfAbsent(prompt, unknown -> distinct.size());
        }
        return encodeAll(distinct.keySet().stream().map(IntBuffer::array).toList())
                .rows(rows);
    }

    private FeatureMatrix encodeAll(List<int[]> prompts) {
        int embed = weights.architecture().embedDim();
        float[] features = Heap.floats(prompts.size(), embed);
        int from = 0;
        while (from < prompts.size()) {
            int to = from;
            int rows = 0;
            while (to < prompts.size() && (to == from || rows + prompts.get(to).length <= ROWS_PER_PART)) {
                rows += prompts.get(to).length;
                to++;
            }
            FeatureMatrix part =
                    new PromptEncoder(weights, prompts.subList(from, to)).features(List::of, MemoryLimit.none());
            System.arraycopy(part.toArray(), 0, features, from * embed, (to - from) * embed);
            from = to;
        }
        weights.requireFinite(features);
        return FeatureMatrix.of(prompts.size(), embed, features);
    }

    /** Returns the first place of the largest id. */
    private static int endToken(int[] ids) {
        return Predictions.argmax(ids.length, i -> ids[i]);
    }
}
