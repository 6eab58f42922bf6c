package org.coop4j.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.coop4j.clip.Clip;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.clip.PackedPrompts;
import org.coop4j.clip.PromptEncoder;
import org.coop4j.clip.Step;
import org.coop4j.clip.StepGraph;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.graph.OpTime;
import org.coop4j.method.PromptLayout.ClassPosition;
import org.coop4j.method.train.Optimizer;
import org.coop4j.method.train.Training;
import org.coop4j.run.Machine;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * A gradient step of the context: features of a batch of images given, all classes encoded, loss,
 * gradient, optimizer.
 *
 * @param classes number of classes
 * @param context number of context vectors M
 * @param nameTokens tokens of each class name
 * @param position where the name stands
 * @param classSpecific whether each class has vectors of its own
 * @param batch images of a step
 */
public record StepBench(
        int classes, int context, int nameTokens, ClassPosition position, boolean classSpecific, int batch) {

    /** Steps after which the memory is looked at for the first time. */
    public static final int EARLY = 30;

    /**
     * What was measured.
     *
     * @param time of a step
     * @param bytes native memory for intermediate values
     * @param parts parts that the classes went in
     * @param early memory of the process after {@link #EARLY} steps, 0 where unknown
     * @param late memory of the process after the last step, 0 where unknown
     * @param profile where the time of one step went
     */
    public record Outcome(
            Measurement time, long bytes, int parts, long early, long late, List<OpTime> profile) {}

    /** Measures with random names, features and labels; {@code runs} steps after three others. */
    public Outcome run(Clip clip, MemoryLimit memory, int runs) {
        SplittableRandom random = new SplittableRandom(1);
        int vectors = classSpecific ? classes * context : context;
        int width = clip.architecture().text().width();
        LearnedTensor ctx = LearnedTensor.of("ctx", gaussian(random, vectors * width, 0.02), vectors, width);
        float[] images = normalised(random, clip.architecture().embedDim());
        int[] labels = random.ints(batch, 0, classes).toArray();
        Optimizer optimizer = training().newOptimizer();
        PromptEncoder encoder = clip.promptEncoder(prompts(clip, random));
        int[] steps = {0};
        long[] early = {0};
        try (Step step = encoder.step(() -> List.of(ctx), StepBench::loss, batch, memory)) {
            Measurement time = Measurement.of(3, runs, step.flops(), () -> {
                step.run(images, labels);
                optimizer.step(List.of(ctx), training().rate(), ++steps[0]);
                if (steps[0] == EARLY) {
                    early[0] = Machine.memory().orElse(0);
                }
            });
            long late = Machine.memory().orElse(0);
            return new Outcome(time, step.bytes(), step.chunks(), early[0], late, step.profile());
        }
    }

    private static Training training() {
        return Training.coop(1, 1);
    }

    private static SDVariable loss(StepGraph step, SDVariable classFeatures) {
        SDVariable w = step.ops().normalizeRows(classFeatures);
        return step.crossEntropy(step.cosineLogits(w));
    }

    private List<int[]> prompts(Clip clip, SplittableRandom random) {
        int end = clip.tokenizer().endToken();
        int start = clip.tokenizer().startToken();
        List<int[]> prompts = new ArrayList<>();
        for (int c = 0; c < classes; c++) {
            int first = classSpecific ? c * context : 0;
            int before =
                    switch (position) {
                        case END -> context;
                        case MIDDLE -> context / 2;
                        case FRONT -> 0;
                    };
            int[] pieces = new int[1 + context + nameTokens + 2];
            int next = 0;
            pieces[next++] = start;
            for (int v = 0; v < before; v++) {
                pieces[next++] = PackedPrompts.context(first + v);
            }
            for (int i = 0; i < nameTokens; i++) {
                pieces[next++] = random.nextInt(300, 40_000);
            }
            for (int v = before; v < context; v++) {
                pieces[next++] = PackedPrompts.context(first + v);
            }
            pieces[next++] = 269; // "."
            pieces[next] = end;
            prompts.add(pieces);
        }
        return prompts;
    }

    private float[] normalised(SplittableRandom random, int embed) {
        float[] values = gaussian(random, batch * embed, 1);
        for (int row = 0; row < batch; row++) {
            double square = 0;
            for (int i = row * embed; i < (row + 1) * embed; i++) {
                square += values[i] * values[i];
            }
            for (int i = row * embed; i < (row + 1) * embed; i++) {
                values[i] = (float) (values[i] / Math.sqrt(square));
            }
        }
        return values;
    }

    /** Draws of a normal distribution around 0. */
    static float[] gaussian(SplittableRandom random, int length, double deviation) {
        float[] values = new float[length];
        for (int i = 0; i < length; i++) {
            values[i] = (float) (deviation * random.nextGaussian());
        }
        return values;
    }
}
