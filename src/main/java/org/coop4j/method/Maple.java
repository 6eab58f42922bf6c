package org.coop4j.method;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.coop4j.base.Require;
import org.coop4j.base.Settings.Setting;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.Parameters;
import org.coop4j.clip.Parameters.Changes;
import org.coop4j.clip.Parameters.ImageRows;
import org.coop4j.clip.PromptEncoder;
import org.coop4j.clip.StepGraph;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.method.Training.Schedule;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * MaPLe (Khattak, Rasheed, Maaz, Khan, Khan: "MaPLe: Multi-modal Prompt Learning", CVPR 2023; the reference's {@code
 * trainers/maple.py}): vectors in the first blocks of the text tower, and linear maps that make rows of images of them.
 *
 * @param length vectors M of a prompt, and rows of an image
 * @param depth blocks J with vectors of their own, the first included
 * @param firstBlock block of the image tower that the rows enter
 */
record Maple(
        @Setting("vectors of a prompt and rows of an image; up to 4 begin as the first words of \"a photo of a\"")
                int length,
        @Setting("blocks with vectors of their own, the first included; a shorter tower has fewer") int depth,
        @Setting("block of the image tower that the rows enter, from 0") int firstBlock)
        implements TowerMethod {

    private static final String LEARNER = "prompt_learner.";
    private static final String PROJ = LEARNER + "proj";
    private static final String TEXT = LEARNER + "compound_prompts_text.";
    private static final String MAPS = LEARNER + "compound_prompt_projections.";

    public Maple {
        Require.positive("length", length);
        Require.positive("depth", depth);
        Require.notNegative("first_block", firstBlock);
    }

    /** The reference's: two vectors in nine blocks. */
    public Maple() {
        this(2, 9, 0);
    }

    @Override
    public About about() {
        return new About(
                "maple",
                "MaPLe (M = %d, depth %d)".formatted(length, depth),
                "Learned vectors in both towers, the image's made of the text's by linear maps (Khattak et al., CVPR 2023).");
    }

    @Override
    public Training training(int shots) {
        return Training.sgd(5, 4, 0.0035, Training.WEIGHT_DECAY, Schedule.EPOCH_COSINE);
    }

    @Override
    public Fast fast(Clip clip, int block, int classes) {
        int blocks = vit(clip).layers() - block;
        return new Fast(new Maple(length, Math.min(depth, blocks), block), fastTraining(), 4);
    }

    /** Returns the vectors, and linear maps from U(±1/√in); the maps of the deeper vectors begin as copies of one. */
    @Override
    public List<LearnedTensor> besideContext(Clip clip, long seed) {
        int from = clip.architecture().text().width();
        int to = vit(clip).width();
        int blocks = Math.max(clip.architecture().text().layers(), vit(clip).layers() - firstBlock);
        Require.that(
                firstBlock < vit(clip).layers(),
                "first_block: expected at most %d, got %d",
                vit(clip).layers() - 1,
                firstBlock);
        List<LearnedTensor> tensors = new ArrayList<>();
        tensors.add(TowerPrompts.context(clip, length, seed));
        TowerMethod.addMap(tensors, PROJ, PROJ, from, to, seed);
        for (int j = 0; j < Math.min(depth, blocks) - 1; j++) {
            tensors.add(TowerPrompts.random(TEXT + j, length, from, seed));
            TowerMethod.addMap(tensors, MAPS + j, MAPS, from, to, seed);
        }
        return tensors;
    }

    @Override
    public List<int[]> prompts(Clip clip, List<String> classNames) {
        return TowerPrompts.prompts(clip, length, classNames);
    }

    @Override
    public Context vectors() {
        return step -> step.learned(TowerPrompts.CTX);
    }

    @Override
    public Map<Integer, PromptEncoder.Replacement> replacements(StepGraph step, FeatureMatrix teacher) {
        Map<Integer, PromptEncoder.Replacement> replacements = new HashMap<>();
        for (int j = 0; step.names().contains(TEXT + j); j++) {
            replacements.put(j + 1, new PromptEncoder.Replacement(step.learned(TEXT + j), false));
        }
        return replacements;
    }

    @Override
    public boolean addsRows() {
        return true;
    }

    @Override
    public Changes changes(Parameters.Learned graph) {
        SortedMap<Integer, SDVariable> rows = new TreeMap<>();
        rows.put(firstBlock, TowerMethod.mapped(graph, TowerPrompts.CTX, PROJ));
        for (int j = 0; graph.names().contains(TEXT + j); j++) {
            rows.put(firstBlock + 1 + j, TowerMethod.mapped(graph, TEXT + j, MAPS + j));
        }
        return new Changes(Map.of(), Map.of(), new ImageRows(rows, length, null));
    }
}
