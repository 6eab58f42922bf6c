package org.coop4j.method;

import org.coop4j.base.Numbers;
import org.coop4j.base.Setting;
import org.coop4j.base.Settings;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.PromptEncoder;
import org.coop4j.method.train.Training;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * Knowledge-guided Context Optimization (Yao, Zhang, Xu: "Visual-Language Prompt Tuning with
 * Knowledge-guided Context Optimization", CVPR 2023; the reference's {@code trainers/kgcoop.py}):
 * CoOp whose class features are held near those of the hand-written prompt.
 *
 * <p>loss = cross-entropy + weight · (1 − mean over the classes of cos(w, t)), with w the features
 * of the learned prompts and t those of the hand-written ones.
 *
 * @param context the context vectors
 * @param weight of the second term, λ in the paper
 */
public record KgCoOp(
        PromptContext context,
        @Setting("how much a class's features are held near the hand-written prompt's") double weight)
        implements PromptMethod {

    public KgCoOp {
        Settings.requireNotNegative("weight", weight);
    }

    /** As the reference's scripts: "a photo of a" to begin with, λ = 8. */
    public KgCoOp() {
        this(PromptContext.words("a photo of a"), 8);
    }

    @Override
    public String id() {
        return "kgcoop";
    }

    @Override
    public String title() {
        return "KgCoOp (%s, λ = %s)".formatted(context.describe(), Numbers.plain(weight));
    }

    @Override
    public String summary() {
        return "CoOp with one more term in the loss, which holds the features of the learned"
                + " prompts near those of the hand-written one. Costs what CoOp costs. Take it"
                + " where the learned context must serve classes that it did not see: it forgets"
                + " less. Yao et al., CVPR 2023; published with ViT-B/16 and 16 shots: base 80.73,"
                + " new 73.60, harmonic mean 77.00 % (CoOp 82.63, 67.99, 74.60).";
    }

    @Override
    public Training training(int shots) {
        return Training.coop(100, 128);
    }

    @Override
    public String teacher(String template) {
        return template;
    }

    @Override
    public PromptEncoder.Loss loss(FeatureMatrix teacher) {
        return loss(teacher, weight);
    }

    /**
     * @param teacher normalised features of the hand-written prompts, one row a class
     */
    static PromptEncoder.Loss loss(FeatureMatrix teacher, double weight) {
        return (step, classFeatures) -> {
            SDVariable w = step.ops().normalizeRows(classFeatures); // [classes, embed]
            SDVariable t = step.perClass("teacher", teacher); // [classes, embed]
            SDVariable meanCosine = step.ops().innerProduct(w, t).div(step.classes());
            SDVariable guidance = meanCosine.rsub(1).mul(weight);
            return step.crossEntropy(step.cosineLogits(w)).add(guidance);
        };
    }
}
