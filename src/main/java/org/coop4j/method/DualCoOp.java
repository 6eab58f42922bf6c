package org.coop4j.method;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.coop4j.base.Require;
import org.coop4j.base.Settings.Setting;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.PromptEncoder;
import org.coop4j.eval.Labels;
import org.coop4j.graph.Graph.Focus;
import org.coop4j.method.PromptContext.ContextStart;
import org.coop4j.method.PromptLayout.ClassPosition;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * DualCoOp (Sun, Hu, Saenko: "DualCoOp: Fast Adaptation to Multi-Label Recognition with Limited Annotations", NeurIPS 2022;
 * the reference's {@code models/dualcoop.py}) on the image feature: each class has a positive and a negative prompt with
 * contexts of their own, and its probability is the sigmoid of exp(logit_scale) · f · (t⁺ − t⁻).
 *
 * <p>loss = Σ over classes of a mean over the batch of the asymmetric loss. The reference has a feature per region instead.
 *
 * @param start number and initial values of the context vectors of a prompt
 * @param classSpecific whether each class has its own context vectors
 */
record DualCoOp(ContextStart start, @Setting("whether each class has its own context vectors") boolean classSpecific)
        implements PromptMethod {

    /** The reference's settings for COCO. */
    static final Focus FOCUS = new Focus(2, 1, 0.05, 1e-6);

    public DualCoOp {
        Require.present("start", start);
    }

    public DualCoOp() {
        this(new ContextStart(PromptContext.COOP_LENGTH), false);
    }

    /** Returns the vectors of both prompts of a class, those of the negative one first. */
    @Override
    public PromptContext context() {
        String words = start.words() == null ? null : start.words() + " " + start.words();
        return new PromptContext(new ContextStart(2 * start.contextLength(), words), ClassPosition.END, classSpecific);
    }

    @Override
    public About about() {
        return new About(
                "dual-coop",
                "DualCoOp (" + new PromptContext(start, ClassPosition.END, classSpecific).describe() + ")",
                "Several labels per image: learns the contexts of a positive and a negative prompt per class, with CLIP"
                        + " frozen (Sun et al., NeurIPS 2022).");
    }

    @Override
    public boolean suits(boolean sets) {
        return sets;
    }

    @Override
    public Training training(int shots) {
        return Training.coop(50, 32);
    }

    @Override
    public Method in(FeatureSpace space) {
        return space.towers().isPresent() && start.words() != null
                ? with(Map.of("context_length", start.length(space.towers().get())))
                : this;
    }

    @Override
    public List<String> checkpointTensors() {
        return List.of();
    }

    /** Returns the negative prompts of all classes, then the positive ones. */
    @Override
    public List<int[]> prompts(Clip clip, List<String> classNames) {
        return prompts(
                new PromptLayout(start.length(clip), ClassPosition.END, false)
                        .prompts(clip, tokenizedNames(clip, classNames)),
                start.length(clip));
    }

    /** Returns both prompts of each class from prompts with a shared context of {@code length} vectors. */
    List<int[]> prompts(List<int[]> shared, int length) {
        List<int[]> both = new ArrayList<>();
        for (int i = 0; i < 2 * shared.size(); i++) {
            int shift = i / shared.size() * length + (classSpecific ? i % shared.size() * 2 * length : 0);
            both.add(Arrays.stream(shared.get(i % shared.size()))
                    .map(token -> token < 0 ? token - shift : token)
                    .toArray());
        }
        return both;
    }

    @Override
    public Function<List<Labels>, float[][]> targets(int classes) {
        return labels -> {
            long known = labels.stream()
                    .mapToLong(own -> classes - own.unknown().length)
                    .sum();
            return Labels.weights(labels, classes, k -> (double) classes / known);
        };
    }

    @Override
    public PromptEncoder.Loss loss(FeatureMatrix teacher) {
        return (step, features) -> {
            SDVariable w = step.ops().normalizeRows(features); // [2 classes, embed]
            int classes = step.classes() / 2;
            SDVariable difference = step.perClass("signs", signs(classes)); // [2 classes, classes]
            return step.labelLoss(step.ops().project(step.cosineLogits(w), difference), FOCUS);
        };
    }

    private static FeatureMatrix signs(int classes) {
        float[] signs = new float[2 * classes * classes];
        IntStream.range(0, 2 * classes).forEach(i -> signs[i * classes + i % classes] = i < classes ? -1 : 1);
        return FeatureMatrix.of(2 * classes, classes, signs);
    }

    @Override
    public FeatureMatrix classWeights(FeatureMatrix features) {
        int classes = features.rows() / 2;
        return features.rows(IntStream.range(classes, 2 * classes).toArray())
                .plus(features.rows(IntStream.range(0, classes).toArray()), -1);
    }
}
