package org.coop4j.method;

import java.util.List;
import java.util.Map;
import org.coop4j.base.Require;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.Parameters;
import org.coop4j.clip.Parameters.Changes;
import org.coop4j.clip.PromptEncoder;
import org.coop4j.clip.StepGraph;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.method.Training.Schedule;

/**
 * Independent vision-language prompting (Khattak, Rasheed, Maaz, Khan, Khan: "MaPLe", CVPR 2023; the reference's {@code
 * trainers/independentVL.py}): vectors of their own in both towers.
 *
 * @param prompts vectors of both towers
 */
record Ivlp(TowerPrompts prompts) implements TowerMethod {

    public Ivlp {
        Require.present("prompts", prompts);
    }

    /** The reference's: two vectors and two rows in all blocks. */
    public Ivlp() {
        this(new TowerPrompts(2, 2, 0, 0, 0));
    }

    @Override
    public About about() {
        return new About(
                "ivlp",
                "IVLP (%d + %d)".formatted(prompts.textLength(), prompts.imageLength()),
                "Learned vectors in every block of both towers, which nothing but the loss connects (Khattak et al., CVPR 2023).");
    }

    @Override
    public Training training(int shots) {
        return Training.sgd(5, 4, 0.0035, Training.WEIGHT_DECAY, Schedule.EPOCH_COSINE);
    }

    @Override
    public List<LearnedTensor> besideContext(Clip clip, long seed) {
        return prompts.initial(clip, vit(clip).layers(), seed);
    }

    @Override
    public List<int[]> prompts(Clip clip, List<String> classNames) {
        return TowerPrompts.prompts(clip, prompts.textLength(), classNames);
    }

    @Override
    public Context vectors() {
        return step -> step.learned(TowerPrompts.CTX);
    }

    @Override
    public Map<Integer, PromptEncoder.Replacement> replacements(StepGraph step, FeatureMatrix teacher) {
        return TowerPrompts.replacements(step);
    }

    @Override
    public int firstBlock() {
        return prompts.firstBlock();
    }

    @Override
    public boolean addsRows() {
        return true;
    }

    @Override
    public Changes changes(Parameters.Learned graph) {
        return TowerPrompts.changes(graph, prompts.firstBlock());
    }
}
