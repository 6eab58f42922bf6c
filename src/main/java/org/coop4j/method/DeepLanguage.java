package org.coop4j.method;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.coop4j.base.Require;
import org.coop4j.base.Settings.Setting;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.PromptEncoder;
import org.coop4j.clip.StepGraph;
import org.coop4j.data.RandomStream;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.method.PromptContext.ContextStart;
import org.coop4j.method.Training.Schedule;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * Deep language prompting: the text side of independent vision-language prompting (Khattak, Rasheed, Maaz, Khan, Khan:
 * "MaPLe", CVPR 2023; {@code trainers/independentVL.py}): on entry to each block the context is replaced by learned
 * vectors of that block.
 *
 * @param start number and initial values of the context vectors
 * @param depth number of blocks with their own vectors, including the first; 0 for all
 */
record DeepLanguage(
        ContextStart start,
        @Setting("number of blocks with their own vectors, including the first (1: CoOp); 0 for all") int depth)
        implements PromptMethod {

    private static final String DEEP = "deep";

    public DeepLanguage {
        Require.present("start", start);
        Require.notNegative("depth", depth);
    }

    /** The reference's: "a photo of a", vectors in every block. */
    public DeepLanguage() {
        this(new ContextStart(PromptContext.PHOTO), 0);
    }

    @Override
    public PromptContext context() {
        return PromptContext.atEnd(start);
    }

    @Override
    public About about() {
        return new About(
                "deep-language",
                "deep language prompting (%s, %s)"
                        .formatted(context().describe(), depth == 0 ? "all blocks" : "depth " + depth),
                "CoOp with separate context vectors in every block of the text tower (text side of"
                        + " Khattak et al., CVPR 2023).");
    }

    @Override
    public Training training(int shots) {
        return Training.sgd(5, 4, 0.0025, Training.WEIGHT_DECAY, Schedule.EPOCH_COSINE);
    }

    /** Resolves a depth of 0. */
    @Override
    public DeepLanguage resolved(Clip clip, String template) {
        int layers = clip.architecture().text().layers();
        Require.that(
                depth <= layers, "depth: expected at most the %d blocks of this text tower, got %d", layers, depth);
        return new DeepLanguage(start, depth == 0 ? layers : depth);
    }

    @Override
    public boolean needsCausalText() {
        return true;
    }

    @Override
    public List<LearnedTensor> besideContext(Clip clip, long seed) {
        if (depth <= 1) {
            return List.of();
        }
        int vectors = context().layout(clip).length();
        int width = clip.architecture().text().width();
        LearnedTensor deep = LearnedTensor.zeros(DEEP, depth - 1, vectors, width);
        PromptContext.fill(deep.values(), RandomStream.of(seed, "initial deep vectors"));
        return List.of(deep);
    }

    @Override
    public Map<Integer, PromptEncoder.Replacement> replacements(StepGraph step, FeatureMatrix teacher) {
        Map<Integer, PromptEncoder.Replacement> replacements = new HashMap<>();
        int vectors = (int) step.learned(PromptContext.CTX).getShape()[0]; // [M, width]
        for (int block = 1; block < depth; block++) {
            int[] rows = IntStream.range((block - 1) * vectors, block * vectors).toArray();
            SDVariable own = step.ops().selectRows(step.learned(DEEP), rows); // [(depth − 1) · M, width] → [M, width]
            replacements.put(block, new PromptEncoder.Replacement(own, false));
        }
        return replacements;
    }

    /** Returns no names: the reference saves the whole model. */
    @Override
    public List<String> checkpointTensors() {
        return List.of();
    }
}
