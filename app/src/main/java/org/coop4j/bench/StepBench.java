package org.coop4j.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
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
 * A gradient step of the context vectors: encoding of all classes, loss against given image features, gradient,
 * optimizer.
 *
 * @param classes number of classes
 * @param context number of context vectors M
 * @param nameTokens tokens per class name
 * @param position position of the name
 * @param classSpecific true if each class has its own context vectors
 * @param batch images per step
 */
public record StepBench(
        int classes, int context, int nameTokens, ClassPosition position, boolean classSpecific, int batch) {

    /** Number of steps before memory is measured for the first time. */
    private static final int EARLY = 30;

    /**
     * A measured step.
     *
     * @param time of a step
     * @param bytes native memory for intermediate values
     * @param parts number of parts that the classes were processed in
     * @param early memory of the process after 30 steps, 0 where unknown
     * @param late memory of the process after the last step, 0 where unknown
     * @param profile times of the ops of one step
     */
    public record Outcome(Measurement time, long bytes, int parts, long early, long late, List<OpTime> profile) {}

    /** Measures {@code runs} steps after three others, with random names, features and labels. */
    public Outcome run(Clip clip, MemoryLimit memory, int runs) {
        SplittableRandom random = new SplittableRandom(1);
        int vectors = classSpecific ? classes * context : context;
        int width = clip.architecture().text().width();
        int embed = clip.architecture().embedDim();
        LearnedTensor ctx = LearnedTensor.of("ctx", gaussian(random, vectors * width, 0.02), vectors, width);
        float[] images = FeatureMatrix.of(batch, embed, gaussian(random, batch * embed, 1))
                .normalized()
                .toArray();
        int[] labels = random.ints(batch, 0, classes).toArray();
        Training training = Training.coop(1, 1);
        Optimizer optimizer = training.newOptimizer();
        PromptEncoder encoder = clip.promptEncoder(prompts(clip, random));
        int[] steps = {0};
        long[] early = {0};
        try (Step step = encoder.step(() -> List.of(ctx), StepBench::loss, batch, memory)) {
            Measurement time = Measurement.of(3, runs, step.flops(), () -> {
                step.run(images, labels);
                optimizer.step(List.of(ctx), training.rate(), ++steps[0]);
                if (steps[0] == EARLY) {
                    early[0] = Machine.memory().orElse(0);
                }
            });
            long late = Machine.memory().orElse(0);
            return new Outcome(time, step.bytes(), step.chunks(), early[0], late, step.profile());
        }
    }

    private static SDVariable loss(StepGraph step, SDVariable classFeatures) {
        SDVariable w = step.ops().normalizeRows(classFeatures);
        return step.crossEntropy(step.cosineLogits(w));
    }

    private List<int[]> prompts(Clip clip, SplittableRandom random) {
        int before =
                switch (position) {
                    case END -> context;
                    case MIDDLE -> context / 2;
                    case FRONT -> 0;
                };
        List<int[]> prompts = new ArrayList<>();
        for (int c = 0; c < classes; c++) {
            int first = classSpecific ? c * context : 0;
            IntStream.Builder tokens = IntStream.builder().add(clip.tokenizer().startToken());
            IntStream.range(first, first + before).map(PackedPrompts::context).forEach(tokens);
            random.ints(nameTokens, 300, 40_000).forEach(tokens);
            IntStream.range(first + before, first + context)
                    .map(PackedPrompts::context)
                    .forEach(tokens);
            tokens.add(269).add(clip.tokenizer().endToken()); // "." and the end
            prompts.add(tokens.build().toArray());
        }
        return prompts;
    }

    /** Draws from a normal distribution around 0. */
    public static float[] gaussian(SplittableRandom random, int length, double deviation) {
        float[] values = new float[length];
        for (int i = 0; i < length; i++) {
            values[i] = (float) (deviation * random.nextGaussian());
        }
        return values;
    }
}
