package org.coop4j.bench;

import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.coop4j.base.Machine;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.clip.PromptEncoder;
import org.coop4j.clip.Step;
import org.coop4j.clip.StepGraph;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.graph.OpTime;
import org.coop4j.method.Optimizer;
import org.coop4j.method.PromptLayout;
import org.coop4j.method.PromptLayout.ClassName;
import org.coop4j.method.Training;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * A gradient step of the context vectors: encoding of all classes, loss against given image features, gradient,
 * optimizer.
 *
 * @param classes number of classes
 * @param nameTokens tokens per class name
 * @param batch images per step
 */
public record StepBench(PromptLayout layout, int classes, int nameTokens, int batch) {

    /** Number of steps before memory is measured for the first time. */
    private static final int EARLY = 30;

    private static final int FULL_STOP = 269;

    /**
     * A measured step.
     *
     * @param values times, speed and memory by name, for a report
     * @param profile times of the ops of one step
     */
    public record Outcome(Map<String, Object> values, List<OpTime> profile) {}

    /** Measures {@code runs} steps after three others, with random names, features and labels. */
    public Outcome run(Clip clip, MemoryLimit memory, int runs) {
        SplittableRandom random = new SplittableRandom(1);
        int vectors = layout.vectors(classes);
        int width = clip.architecture().text().width();
        int embed = clip.architecture().embedDim();
        LearnedTensor ctx = LearnedTensor.of("ctx", gaussian(random, vectors * width, 0.02), vectors, width);
        float[] images = FeatureMatrix.of(batch, embed, gaussian(random, batch * embed, 1))
                .normalized()
                .toArray();
        int[] labels = random.ints(batch, 0, classes).toArray();
        Training training = Training.coop(1, 1);
        Optimizer optimizer = new Optimizer(training);
        List<ClassName> names =
                Stream.generate(() -> name(random)).limit(classes).toList();
        PromptEncoder encoder = clip.promptEncoder(layout.prompts(clip, names));
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
            Map<String, Object> values = time.values();
            values.put("gflops", time.gflops());
            values.put("step_mb", step.bytes() >> 20);
            values.put("parts", step.chunks());
            if (early[0] > 0) {
                values.put("rss_after_30_steps_mb", early[0] >> 20);
            }
            values.put("rss_mb", Machine.memory().orElse(0) >> 20);
            return new Outcome(values, step.profile());
        }
    }

    private static SDVariable loss(StepGraph step, SDVariable classFeatures) {
        SDVariable w = step.ops().normalizeRows(classFeatures);
        return step.crossEntropy(step.cosineLogits(w));
    }

    /** Draws the tokens of a name, and a full stop. */
    private ClassName name(SplittableRandom random) {
        IntStream name = random.ints(nameTokens, 300, 40_000);
        return new ClassName("", IntStream.concat(name, IntStream.of(FULL_STOP)).toArray(), nameTokens);
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
