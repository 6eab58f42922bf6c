package org.coop4j.method;

import java.util.List;
import org.coop4j.base.Require;
import org.coop4j.base.Settings.Setting;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.Parameters;
import org.coop4j.clip.Parameters.Changes;
import org.coop4j.clip.PromptEncoder;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.method.PromptEnsemble.PromptTemplates;
import org.coop4j.method.Training.Schedule;

/**
 * Deep visual prompting (Jia et al.: "Visual Prompt Tuning", ECCV 2022), as MaPLe's repository has it ({@code
 * trainers/vpt.py}): further rows of every image; the text features are constants.
 *
 * @param imageLength rows of an image
 * @param imageDepth blocks of the image tower with rows of their own, the first included; 0 for all that follow
 * @param firstBlock block of the image tower that the rows enter
 */
record Vpt(
        @Setting("further rows of an image") int imageLength,
        @Setting("blocks of the image tower with rows of their own, 0 for all") int imageDepth,
        @Setting("block of the image tower that the rows enter, from 0") int firstBlock)
        implements TowerMethod {

    public Vpt {
        Require.positive("image_length", imageLength);
        Require.notNegative("image_depth", imageDepth);
        Require.notNegative("first_block", firstBlock);
    }

    /** The reference's: 8 rows in all blocks. */
    public Vpt() {
        this(8, 0, 0);
    }

    @Override
    public About about() {
        return new About(
                "vpt",
                "VPT (%d rows)".formatted(imageLength),
                "Further rows of each image in every block of the image tower; the baseline of MaPLe (Jia et al., ECCV 2022).");
    }

    @Override
    public Training training(int shots) {
        return Training.sgd(5, 4, 0.0025, Training.WEIGHT_DECAY, Schedule.EPOCH_COSINE);
    }

    @Override
    public Fast fast(Clip clip, int block, int classes) {
        return new Fast(new Vpt(imageLength, imageDepth, block), fastTraining(), 4);
    }

    @Override
    public List<LearnedTensor> besideContext(Clip clip, long seed) {
        return TowerPrompts.rows(clip, vit(clip).layers(), imageLength, imageDepth, firstBlock, seed);
    }

    @Override
    public boolean addsRows() {
        return true;
    }

    @Override
    public Changes changes(Parameters.Learned graph) {
        return TowerPrompts.changes(graph, firstBlock);
    }

    @Override
    public boolean textIsFrozen() {
        return true;
    }

    @Override
    public String teacher(String template) {
        return PromptTemplates.PHOTO;
    }

    @Override
    public PromptEncoder.Loss loss(FeatureMatrix teacher) {
        return TowerMethod.crossEntropy(teacher);
    }
}
