package org.coop4j.method;

import java.util.List;
import org.coop4j.base.Numbers;
import org.coop4j.base.Require;
import org.coop4j.base.Settings.Setting;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.PromptEncoder;
import org.coop4j.clip.StepGraph;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.method.Method.Task;
import org.coop4j.method.PromptContext.ContextStart;
import org.coop4j.method.PromptLayout.ClassPosition;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * Prompt-aligned Gradient (Zhu, Niu, Han, Wu, Zhang: "Prompt-aligned Gradient for Prompt Tuning", ICCV 2023; {@code
 * trainers/prograd.py}): CoOp whose steps never work against zero-shot CLIP.
 *
 * <p>A second loss is the cross-entropy with zero-shot CLIP's probabilities (the paper's KL divergence up to a
 * constant). If the gradients of both losses are at an obtuse angle, the component of the first along the second is
 * removed.
 *
 * @param contextLength number of context vectors M
 * @param classSpecific whether each class has its own vectors
 * @param lambda share of the opposing component that is removed, λ in the paper
 * @param temperature temperature of both distributions in the second loss
 */
record ProGrad(
        @Setting("number of context vectors M; the last are initialised by the template's words") int contextLength,
        @Setting("whether each class has its own context vectors") boolean classSpecific,
        @Setting("share of the gradient against zero-shot CLIP that is removed, 1 for all") double lambda,
        @Setting("temperature of the compared distributions") double temperature)
        implements PromptMethod {

    public ProGrad {
        Require.notNegative("lambda", lambda);
        Require.positive("temperature", temperature);
        new ContextStart(contextLength); // refuses a length below 1
    }

    /** The reference's in all but six of its experiments: M = 16, λ = 1. */
    public ProGrad() {
        this(PromptContext.COOP_LENGTH, false, 1, 1);
    }

    @Override
    public PromptContext context() {
        return new PromptContext(new ContextStart(contextLength), ClassPosition.END, classSpecific);
    }

    @Override
    public About about() {
        return new About(
                "prograd",
                "ProGrad (%s, λ = %s)".formatted(context().describe(), Numbers.plain(lambda)),
                "CoOp without the part of the gradient that opposes zero-shot CLIP; for few images per"
                        + " class (Zhu et al., ICCV 2023).");
    }

    @Override
    public String teacher(String template) {
        return template;
    }

    /** Returns the template's words before the class name as the last vectors, preceded by zero vectors. */
    @Override
    public List<LearnedTensor> initial(Clip clip, Task task) {
        String words = task.template().substring(0, task.template().indexOf("{}"));
        int[] tokens = clip.tokenizer().encode(words);
        int width = clip.architecture().text().width();
        int classes = task.classNames().size();
        LearnedTensor ctx = context().zeros(clip, classes);
        for (int v = 0; v < context().layout(clip).vectors(classes); v++) {
            int token = v % contextLength - Math.max(0, contextLength - tokens.length);
            if (token >= 0) {
                float[] embedding = clip.tokenEmbedding(tokens[token]);
                System.arraycopy(embedding, 0, ctx.values(), v * width, width);
            }
        }
        return List.of(ctx);
    }

    @Override
    public PromptEncoder.Loss loss(FeatureMatrix teacher) {
        return loss(teacher, temperature, (gradients, combined) -> project(gradients, lambda, combined));
    }

    /**
     * @param rule combines the gradients of the two losses
     */
    static PromptEncoder.Loss loss(FeatureMatrix teacher, double temperature, StepGraph.GradientRule rule) {
        return (step, classFeatures) -> {
            SDVariable w = step.ops().normalizeRows(classFeatures); // [classes, embed]
            SDVariable t = step.perClass("teacher", teacher); // [classes, embed]
            SDVariable z = step.cosineLogits(w); // [batch, classes]
            SDVariable ce = step.crossEntropy(z);
            SDVariable kl = step.ops()
                    .crossEntropy(z.div(temperature), step.cosineLogits(t).div(temperature))
                    .mul(temperature * temperature);
            return step.combined(rule, ce, kl);
        };
    }

    /** Combines the gradients: g = g_ce − λ (g_ce · u) u with u the direction of g_kl, if g_ce · u is negative. */
    static void project(List<float[]> gradients, double lambda, float[] combined) {
        float[] ce = gradients.get(0);
        float[] kl = gradients.get(1);
        double along = 0;
        double square = 0;
        for (int i = 0; i < ce.length; i++) {
            along += (double) ce[i] * kl[i];
            square += (double) kl[i] * kl[i];
        }
        double share = along < 0 ? lambda * along / square : 0;
        for (int i = 0; i < ce.length; i++) {
            combined[i] = (float) (ce[i] - share * kl[i]);
        }
    }
}
