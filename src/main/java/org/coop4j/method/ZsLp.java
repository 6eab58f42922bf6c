package org.coop4j.method;

import java.io.IOException;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.method.train.Training;

/**
 * Zero-shot initialised linear probe (Silva-Rodríguez, Hajimiri, Ben Ayed, Dolz: "A Closer Look at
 * the Few-Shot Adaptation of Large Vision-Language Models", CVPR 2024; the reference's {@code
 * trainers/adapters.py} without a constraint): prototypes that begin as the text features.
 *
 * <p>logits = exp(logit_scale) · f · unit(w_k), by cross-entropy; no validation, by design.
 *
 * @param prompts the hand-written prompts whose features the prototypes begin as
 */
public record ZsLp(TextPrompts prompts) implements Method {

    public ZsLp() {
        this(new TextPrompts());
    }

    @Override
    public String id() {
        return "zs-lp";
    }

    @Override
    public String title() {
        return "ZS-LP";
    }

    @Override
    public String summary() {
        return "A linear probe on normalised features whose class weights begin as the text"
                + " features. Needs no validation. Seconds. Overfits with few images; CLAP holds"
                + " it back. Silva-Rodríguez et al., CVPR 2024.";
    }

    @Override
    public Training training(int shots) {
        return LinearPrototypes.training();
    }

    @Override
    public Learner learner(FeatureSpace space, Task task) {
        return LinearPrototypes.learner(
                this, space, task, prompts, (text, train) -> LinearPrototypes.Penalty.NONE);
    }

    @Override
    public Classifier read(FeatureSpace space, ClassifierFile file) throws IOException {
        return LinearPrototypes.read(space, file, prompts.ofFile());
    }
}
