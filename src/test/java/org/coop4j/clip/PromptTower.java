package org.coop4j.clip;

import java.util.List;
import org.coop4j.graph.LearnedTensor;
import org.nd4j.autodiff.samediff.SDVariable;

/** CoOp's loss over a {@link PromptEncoder}, with numbers in and out, for tests. */
public final class PromptTower {

    private final PromptEncoder encoder;
    private final LearnedTensor context;
    private final MemoryLimit memory;
    private Step step;
    private int batch;

    private PromptTower(PromptEncoder encoder, LearnedTensor context, MemoryLimit memory) {
        this.encoder = encoder;
        this.context = context;
        this.memory = memory;
    }

    public static PromptTower of(Clip clip, List<int[]> prompts, int vectors, MemoryLimit memory) {
        int width = clip.architecture().text().width();
        LearnedTensor context = LearnedTensor.zeros("ctx", vectors, width);
        return new PromptTower(clip.promptEncoder(prompts), context, memory);
    }

    private static SDVariable loss(StepGraph graph, SDVariable classFeatures) {
        SDVariable w = graph.ops().normalizeRows(classFeatures);
        return graph.crossEntropy(graph.cosineLogits(w));
    }

    public int vectors() {
        return (int) context.shape()[0];
    }

    public int width() {
        return (int) context.shape()[1];
    }

    public void setContext(float[] values) {
        System.arraycopy(values, 0, context.values(), 0, context.values().length);
    }

    public FeatureMatrix features() {
        return encoder.features(() -> List.of(context), memory);
    }

    /** A step, whose gradient is {@link #gradient} until the next one. */
    public Step step(float[] images, int[] labels) {
        prepare(labels.length);
        step.run(images, labels);
        return step;
    }

    public float[] gradient() {
        return context.gradient().clone();
    }

    public void prepare(int images) {
        if (step == null || batch != images) {
            step = encoder.step(() -> List.of(context), PromptTower::loss, images, memory);
            batch = images;
        }
    }

    public long stepBytes() {
        return step.bytes();
    }

    public int stepParts() {
        return step.chunks();
    }
}
