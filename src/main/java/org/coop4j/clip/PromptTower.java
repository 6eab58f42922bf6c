package org.coop4j.clip;

import java.util.List;
import org.coop4j.graph.Graph;
import org.coop4j.graph.PlanDraft;
import org.coop4j.graph.host.HostMatrix;

/**
 * The frozen text tower over prompts with learnable context vectors: class features, and the loss
 * of a batch of image features with its gradient in the context (CoOp, section 3.2).
 *
 * <p>logits = exp(logit_scale) · images · textsᵀ, both normalised; the loss is their mean
 * cross-entropy. Only the context has a gradient.
 */
public final class PromptTower {

    private final PromptGraphs graphs;
    private final List<int[]> prompts;
    private final MemoryLimit memory;
    private final HostMatrix context;
    private ClassParts features;
    private LossStep loss;
    private int lossBatch;

    PromptTower(PromptGraphs graphs, List<int[]> prompts, MemoryLimit memory) {
        this.graphs = graphs;
        this.prompts = prompts;
        this.memory = memory;
        this.context = graphs.context();
        for (int[] prompt : prompts) {
            for (int piece : prompt) {
                if (PackedPrompts.isContext(piece)
                        && PackedPrompts.contextIndex(piece) >= vectors()) {
                    throw new IllegalArgumentException(
                            "a prompt holds context vector "
                                    + PackedPrompts.contextIndex(piece)
                                    + ", but there are "
                                    + vectors());
                }
            }
        }
    }

    /** Number of classes, one prompt each. */
    public int classes() {
        return prompts.size();
    }

    /** Number of context vectors of all classes together. */
    public int vectors() {
        return context.rows();
    }

    /** Width of a context vector. */
    public int width() {
        return context.cols();
    }

    /**
     * Sets the context vectors, row after row [vectors, width].
     *
     * @throws IllegalArgumentException if there are more or fewer numbers
     */
    public void setContext(float[] values) {
        if (values.length != vectors() * width()) {
            throw new IllegalArgumentException(
                    values.length + " numbers for " + vectors() + " context vectors of " + width());
        }
        context.buffer().put(0, values, 0, vectors() * width());
    }

    /** Features of the classes' prompts, not normalised, in the order of the prompts. */
    public FeatureMatrix features() {
        if (features == null) {
            features = ClassParts.within(memory, prompts, graphs, PromptGraphs::features);
        }
        float[] result = new float[classes() * graphs.embed()];
        features.forEach(
                part -> {
                    part.plan().run();
                    part.readByClass(part.plan().output("features"), result);
                });
        return FeatureMatrix.of(classes(), graphs.embed(), result);
    }

    /**
     * Computes the loss of a batch, its gradient and the logits.
     *
     * @param images normalised image features, row after row [batch, embed]
     * @param labels class of each image, by the order of the prompts
     * @throws IllegalArgumentException unless there are as many features as labels, each of a class
     */
    public Step step(float[] images, int[] labels) {
        for (int label : labels) {
            if (label < 0 || label >= classes()) {
                throw new IllegalArgumentException(
                        "label " + label + " of an image: there are " + classes() + " classes");
            }
        }
        prepare(labels.length);
        loss.run(images, labels);
        return new Step(loss, labels);
    }

    /** Plans steps of {@code batch} images, which otherwise happens at the first of them. */
    public void prepare(int batch) {
        if (loss != null && lossBatch == batch) {
            return;
        }
        PackedPrompts packed = graphs.pack(prompts);
        PlanDraft whole = graphs.loss(packed, batch);
        loss =
                whole.bytes() <= memory.bytes()
                        ? new WholeLossStep(whole, packed)
                        : new PartedLossStep(graphs, prompts, memory, batch);
        lossBatch = batch;
    }

    /** Bytes of native memory for the intermediate values of a step; needs {@link #prepare}. */
    public long stepBytes() {
        return loss.bytes();
    }

    /** Floating-point operations of the products of a step; needs {@link #prepare}. */
    public long stepFlops() {
        return loss.flops();
    }

    /** Parts of the classes that a step goes through; needs {@link #prepare}. */
    public int stepParts() {
        return loss.parts();
    }

    /** Runs the step again and says where its time goes; needs a step before. */
    public List<org.coop4j.graph.ExecutionPlan.OpTime> profileStep() {
        return loss.profile();
    }

    /** What a step computed; valid until the next one. */
    public static final class Step {

        private final LossStep loss;
        private final int[] labels;

        private Step(LossStep loss, int[] labels) {
            this.loss = loss;
            this.labels = labels;
        }

        /** Mean cross-entropy of the batch. */
        public float loss() {
            return loss.loss();
        }

        /** Copies the gradient of the context, [vectors, width], into {@code target}. */
        public void gradient(float[] target) {
            loss.gradient(target);
        }

        /** The logits of image {@code row}, by the order of the prompts. */
        public float[] logits(int row) {
            return loss.logits(row);
        }

        /** Share of the batch whose largest logit is the label's, 0 to 1. */
        public double accuracy() {
            int correct = 0;
            for (int i = 0; i < labels.length; i++) {
                float[] z = logits(i);
                int best = 0;
                for (int c = 1; c < z.length; c++) {
                    best = z[c] > z[best] ? c : best;
                }
                correct += best == labels[i] ? 1 : 0;
            }
            return (double) correct / labels.length;
        }
    }

    /** The name under which plans give the context's gradient. */
    static String contextGradient() {
        return Graph.gradientName("ctx");
    }
}
