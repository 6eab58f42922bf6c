package org.coop4j.method;

import org.coop4j.base.Numbers;
import org.coop4j.base.Require;
import org.coop4j.base.Settings.Setting;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.PromptEncoder;
import org.coop4j.method.PromptContext.ContextStart;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * Knowledge-guided Context Optimization (Yao, Zhang, Xu: "Visual-Language Prompt Tuning with Knowledge-guided Context
 * Optimization", CVPR 2023; the reference's {@code trainers/kgcoop.py}): CoOp with a penalty on the distance of the
 * class features from those of the hand-written prompt.
 *
 * <p>loss = cross-entropy + lambda · (1 − mean over the classes of cos(w, t)), with w the features of the learned
 * prompts and t those of the hand-written ones. At another logit scale than 100 lambda is divided by the square of
 * {@link Training#reach}: 1 − cos is half the squared distance of unit features.
 *
 * @param context the context vectors
 * @param lambda weight of the penalty at a logit scale of 100, λ in the paper
 */
record KgCoOp(
        PromptContext context,
        @Setting("weight at logit scale 100 of the distance from the hand-written prompt's class features")
                double lambda)
        implements PromptMethod {

    public KgCoOp {
        Require.present("context", context);
        Require.notNegative("lambda", lambda);
    }

    /** The reference's scripts: "a photo of a", λ = 8. */
    public KgCoOp() {
        this(PromptContext.atEnd(new ContextStart(PromptContext.PHOTO)), 8);
    }

    @Override
    public About about() {
        return new About(
                "kgcoop",
                "KgCoOp (%s, λ = %s)".formatted(context.describe(), Numbers.plain(lambda)),
                "CoOp with a loss that keeps class features close to those of the hand-written prompt;"
                        + " for classes it has not seen (Yao et al., CVPR 2023).");
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
        return loss(teacher, lambda);
    }

    static PromptEncoder.Loss loss(FeatureMatrix teacher, double lambda) {
        return (step, classFeatures) -> {
            SDVariable w = step.ops().normalizeRows(classFeatures); // [classes, embed]
            SDVariable t = step.perClass("teacher", teacher); // [classes, embed]
            SDVariable meanCosine = step.ops().innerProduct(w, t).div(step.classes());
            double reach = Training.reach(step.logitScale());
            SDVariable guidance = meanCosine.rsub(1).mul(lambda / (reach * reach));
            return step.crossEntropy(step.cosineLogits(w)).add(guidance);
        };
    }
}
