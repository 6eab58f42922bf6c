package org.coop4j.method;

import java.util.List;
import java.util.Map;
import org.coop4j.base.Numbers;
import org.coop4j.base.Require;
import org.coop4j.base.Settings;
import org.coop4j.base.Settings.Setting;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.PromptEncoder;
import org.coop4j.clip.StepGraph;
import org.coop4j.graph.Activation;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.method.PromptContext.ContextStart;
import org.coop4j.method.PromptLayout.ClassName;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * Textual-based Class-aware Prompt tuning (Yao, Zhang, Xu, CVPR 2024; {@code trainers/tcp.py}): from a block of the
 * text tower on, the context is replaced by vectors that a meta-net computes from each class's hand-written prompt. The
 * loss is {@link KgCoOp}'s.
 *
 * @param contextLength number of context vectors M
 * @param block first block with class-aware vectors, from 1; 0 for after two thirds of the blocks
 * @param lambda weight of the distance from the hand-written prompt's class features
 * @param template hand-written prompt, whose first M words the context replaces; null for the data's own
 */
record Tcp(
        @Setting("number of context vectors M") int contextLength,
        @Setting("first block with class-aware vectors, from 1; 0 for after two thirds of the blocks") int block,
        @Setting("weight at logit scale 100 of the distance from the hand-written prompt's class features")
                double lambda,
        @Setting("hand-written prompt with {} for the class name; without it the data's own") String template)
        implements PromptMethod {

    public Tcp {
        new ContextStart(contextLength); // refuses a length below 1
        Require.notNegative("lambda", lambda);
        Require.notNegative("block", block);
        if (template != null) {
            PromptEnsemble.of(template);
        }
    }

    /** The reference's: M = 4, λ = 8. */
    public Tcp() {
        this(4, 0, 8, null);
    }

    @Override
    public PromptContext context() {
        return PromptContext.atEnd(new ContextStart(contextLength));
    }

    @Override
    public About about() {
        return new About(
                "tcp",
                "TCP (%s, λ = %s)".formatted(context().describe(), Numbers.plain(lambda)),
                "Replaces the context inside the text tower by vectors generated from each class's"
                        + " hand-written prompt; for old and new classes (Yao et al., CVPR 2024).");
    }

    @Override
    public Training training(int shots) {
        return adam(50);
    }

    @Override
    public Training trainingOnImageNet(int shots) {
        return adam(25);
    }

    private static Training adam(int epochs) {
        return Settings.with(Training.coop(epochs, 32), Map.of("optimizer", "adam", "epsilon", 1e-3));
    }

    /** Resolves a block of 0 and a missing template. */
    @Override
    public Tcp resolved(Clip clip, String own) {
        int layers = clip.architecture().text().layers();
        int entered = block == 0 ? Math.round(2f * layers / 3) : block;
        Require.that(
                entered < layers && entered >= 1,
                "block: this text tower has blocks 0 to %d; expected 1 or later, got %d",
                layers - 1,
                entered);
        return new Tcp(contextLength, entered, lambda, template == null ? own : template);
    }

    /** Returns the template without its first M words, as far as they precede the class name. */
    private String rest() {
        Require.that(template != null, "template: TCP needs the data's prompt, such as \"a photo of a {}.\"");
        String rest = template.strip();
        for (int word = 0; word < contextLength; word++) {
            int end = rest.indexOf(' ');
            if (end < 0 || end > rest.indexOf("{}")) {
                break;
            }
            rest = rest.substring(end + 1);
        }
        return rest;
    }

    @Override
    public String teacher(String own) {
        return template;
    }

    @Override
    public boolean needsCausalText() {
        return true;
    }

    @Override
    public List<LearnedTensor> besideContext(Clip clip, long seed) {
        return CoCoOp.metaNet(clip, 4, contextLength, seed);
    }

    @Override
    public PromptEncoder.Loss loss(FeatureMatrix teacher) {
        return KgCoOp.loss(teacher, lambda);
    }

    /** Returns class-aware vectors starting at a block. */
    @Override
    public Map<Integer, PromptEncoder.Replacement> replacements(StepGraph step, FeatureMatrix teacher) {
        long[] ctx = step.learned(PromptContext.CTX).getShape(); // [M, width]
        SDVariable t = step.perClass("class features of the template", teacher);
        SDVariable h = CoCoOp.metaNet(step, Activation.Kind.QUICK_GELU, t);
        SDVariable rows = h.reshape(step.classes() * ctx[0], ctx[1]); // [classes · M, width]
        return Map.of(block, new PromptEncoder.Replacement(rows, true));
    }

    @Override
    public List<String> checkpointTensors() {
        return CoCoOp.TENSORS;
    }

    @Override
    public List<ClassName> tokenizedNames(Clip clip, List<String> classNames) {
        return classNames.stream()
                .map(name -> ClassName.in(rest(), name, clip.tokenizer()))
                .toList();
    }
}
