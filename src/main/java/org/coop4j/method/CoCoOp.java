package org.coop4j.method;

import java.io.IOException;
import java.util.List;
import org.coop4j.base.Setting;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.PromptEncoder;
import org.coop4j.clip.StepGraph;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.graph.op.Activation;
import org.coop4j.method.train.Training;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * Conditional Context Optimization (Zhou, Yang, Loy, Liu: "Conditional Prompt Learning for
 * Vision-Language Models", CVPR 2022; {@code trainers/cocoop.py}): a meta-net makes of each image
 * what is added to all context vectors, so that every image has prompts of its own.
 *
 * @param contextLength number of context vectors M, where they begin as random numbers
 * @param words words that the context begins as; null: random numbers
 */
public record CoCoOp(
        @Setting(value = "number of context vectors M; words have one a token", decidedBy = "words")
                int contextLength,
        @Setting("words that the context begins as; random numbers without") String words)
        implements Method, CheckpointedPrompts {

    public CoCoOp {
        contextLength = context(contextLength, words).contextLength();
    }

    /** "a photo of a" to begin with. */
    public CoCoOp() {
        this(4, "a photo of a");
    }

    private static PromptContext context(int length, String words) {
        return new PromptContext(length, ClassPosition.END, false, words);
    }

    private PromptContext context() {
        return context(contextLength, words);
    }

    @Override
    public String id() {
        return "cocoop";
    }

    @Override
    public String title() {
        return "CoCoOp (" + context().describe() + ")";
    }

    @Override
    public String summary() {
        return "CoOp whose context depends on the image. The text tower runs over all class prompts"
                + " once for each image, forward and back in training and again for every image"
                + " that is classified: with 100 classes a test image costs about what 100 texts"
                + " cost, so that testing takes longer than all of CoOp. Take it to compare, or"
                + " for few classes. Zhou et al., CVPR 2022; published with ViT-B/16 and 16 shots:"
                + " base 80.47, new 71.69, harmonic mean 75.83 %.";
    }

    @Override
    public Training training(int shots) {
        return Training.coop(10, 1);
    }

    @Override
    public Group group() {
        return Group.PROMPTS;
    }

    static MetaNet net(Clip clip) {
        int embed = clip.architecture().embedDim();
        return new MetaNet(embed, Math.max(1, embed / 16), clip.architecture().text().width());
    }

    @Override
    public Learner learner(FeatureSpace space, Task task) {
        Clip clip = space.requireTowers(id());
        return new PromptLearner(
                this,
                clip,
                task,
                form(clip),
                () -> new PromptLearner.Objective(
                        new Conditional(net(clip).initial(context(), clip, task.seed())), CoOp::loss));
    }

    private PromptLearner.Form form(Clip clip) {
        return new PromptLearner.ContextForm(
                context().layout(clip),
                true,
                Conditional::new);
    }

    /**
     * The context of one image: π(f) added to every vector.
     *
     * @param learned ctx [M, width] and the meta-net
     */
    record Conditional(List<LearnedTensor> learned) implements PromptEncoder.Vectors {

        @Override
        public SDVariable context(StepGraph step) {
            SDVariable shift = MetaNet.forward(step, Activation.Kind.RELU, step.images());
            return step.learned(PromptContext.CTX).add(shift); // [M, width] + [1, width]
        }
    }

    @Override
    public List<String> checkpointTensors() {
        return MetaNet.withContext();
    }

    @Override
    public void require(Clip clip, ClassifierFile file) throws IOException {
        context().require(clip, file);
        net(clip).require(file);
    }

    @Override
    public Classifier read(FeatureSpace space, ClassifierFile file) throws IOException {
        Clip clip = space.requireTowers(id());
        require(clip, file);
        return PromptLearner.read(clip, file, form(clip));
    }
}
