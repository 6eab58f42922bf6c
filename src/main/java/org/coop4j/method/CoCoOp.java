package org.coop4j.method;

import java.util.List;
import java.util.SplittableRandom;
import org.coop4j.base.Require;
import org.coop4j.clip.Clip;
import org.coop4j.clip.StepGraph;
import org.coop4j.data.RandomStream;
import org.coop4j.graph.Activation;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.method.PromptContext.ContextStart;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * Conditional Context Optimization (Zhou, Yang, Loy, Liu: "Conditional Prompt Learning for Vision-Language Models",
 * CVPR 2022; {@code trainers/cocoop.py}): a meta-net maps each image to a vector that is added to all context vectors,
 * so that every image has its own prompts.
 *
 * @param start number and initial values of the context vectors
 */
record CoCoOp(ContextStart start) implements PromptMethod {

    private static final String W1 = "meta_net.linear1.weight";
    private static final String B1 = "meta_net.linear1.bias";
    private static final String W2 = "meta_net.linear2.weight";
    private static final String B2 = "meta_net.linear2.bias";

    /** The tensors of methods with a context and a meta-net. */
    static final List<String> TENSORS = List.of(PromptContext.CTX, W1, B1, W2, B2);

    public CoCoOp {
        Require.present("start", start);
    }

    /** The reference's: "a photo of a". */
    public CoCoOp() {
        this(new ContextStart(PromptContext.PHOTO));
    }

    @Override
    public PromptContext context() {
        return PromptContext.atEnd(start);
    }

    @Override
    public About about() {
        return new About(
                "cocoop",
                "CoCoOp (" + context().describe() + ")",
                "CoOp with a context that depends on the image, at a text pass per image; for few classes (Zhou et"
                        + " al., CVPR 2022).");
    }

    @Override
    public Training training(int shots) {
        return Training.coop(10, 1);
    }

    @Override
    public List<LearnedTensor> besideContext(Clip clip, long seed) {
        return metaNet(clip, 16, 1, seed);
    }

    @Override
    public boolean perImage() {
        return true;
    }

    /** Returns the context of one image: π(f) added to every vector. */
    @Override
    public Context vectors() {
        return step -> {
            SDVariable shift = metaNet(step, Activation.Kind.RELU, step.images());
            return step.learned(PromptContext.CTX).add(shift); // [M, width] + [1, width]
        };
    }

    @Override
    public List<String> checkpointTensors() {
        return TENSORS;
    }

    /** Returns the layers before training of the meta-net from an image's or text's feature to context vectors. */
    static List<LearnedTensor> metaNet(Clip clip, int reduction, int vectors, long seed) {
        int in = clip.architecture().embedDim();
        int hidden = Math.max(1, in / reduction);
        int out = vectors * clip.architecture().text().width();
        SplittableRandom random = RandomStream.of(seed, "initial meta-net");
        return List.of(
                LearnedTensor.uniform(random, in, W1, hidden, in),
                LearnedTensor.uniform(random, in, B1, hidden),
                LearnedTensor.uniform(random, hidden, W2, out, hidden),
                LearnedTensor.uniform(random, hidden, B2, out));
    }

    /** Applies the meta-net, x [rows, in] → [rows, out]. */
    static SDVariable metaNet(StepGraph step, Activation.Kind activation, SDVariable x) {
        SDVariable h = step.ops().linear(x, step.learned(W1), step.learned(B1)); // [rows, hidden]
        SDVariable a = step.ops().activation(activation, h);
        return step.ops().linear(a, step.learned(W2), step.learned(B2)); // [rows, out]
    }
}
