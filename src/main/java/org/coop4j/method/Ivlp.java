package org.coop4j.method;

import java.util.Map;
import org.coop4j.base.Require;
import org.coop4j.clip.Clip;
import org.coop4j.method.Training.Schedule;

/**
 * Independent vision-language prompting (Khattak, Rasheed, Maaz, Khan, Khan: "MaPLe", CVPR 2023; the reference's {@code
 * trainers/independentVL.py}): vectors of their own in both towers.
 *
 * @param prompts vectors of both towers
 */
record Ivlp(TowerPrompts prompts) implements TowerPrompts.InBothTowers {

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
    public Fast fast(Clip clip, int block, int classes) {
        return new Fast(with(Map.of("first_block", block)), fastTraining(), 4);
    }
}
