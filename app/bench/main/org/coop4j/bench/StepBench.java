package org.coop4j.bench;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.coop4j.base.Machine;
import org.coop4j.base.Require;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.clip.PromptEncoder;
import org.coop4j.clip.Step;
import org.coop4j.graph.OpTime;
import org.coop4j.method.Method;
import org.coop4j.method.Method.Task;
import org.coop4j.method.Optimizer;
import org.coop4j.method.PromptEnsemble.ClassDescriptions;
import org.coop4j.method.PromptEnsemble.PromptTemplates;
import org.coop4j.method.PromptMethod;
import org.coop4j.method.Training;

/**
 * A gradient step of a method: encoding of all classes, and of the images if the image tower is trained, loss, gradient,
 * optimizer.
 *
 * @param given the method before the model completes its settings
 * @param classes number of classes
 * @param nameTokens tokens per class name
 * @param batch images per step
 */
public record StepBench(PromptMethod given, int classes, int nameTokens, int batch) {

    /** Number of steps before memory is measured for the first time. */
    private static final int EARLY = 30;

    /**
     * A measured step.
     *
     * @param values times, speed and memory by name, for a report
     * @param profile times of the ops of one step
     */
    public record Outcome(Map<String, Object> values, List<OpTime> profile) {}

    /**
     * Returns the bench of a method.
     *
     * @throws IllegalArgumentException if its step runs no tower
     */
    public static StepBench of(Method method, int classes, int nameTokens, int batch) {
        Require.that(
                method instanceof PromptMethod,
                "method \"%s\": expected one whose step runs a tower",
                method.about().id());
        return new StepBench((PromptMethod) method, classes, nameTokens, batch);
    }

    /** Measures {@code runs} steps after {@code warmup} others, with random images and labels. */
    public Outcome run(Clip clip, MemoryLimit memory, int warmup, int runs) {
        PromptMethod method = given.resolved(clip, PromptTemplates.PHOTO);
        SplittableRandom random = new SplittableRandom(1);
        List<String> names = IntStream.range(0, classes).mapToObj(this::name).toList();
        FeatureMatrix teacher = method.teacher(clip, null, ClassDescriptions.NONE, names);
        PromptEncoder.Vectors input = method.input(method.initial(clip, new Task(names, null, 1)), teacher);
        boolean embedded = input.images() == FeatureKind.EMBEDDED;
        int width = embedded
                ? clip.architecture().embedDim()
                : clip.imageEncoder(input.images()).width();
        float[] images = gaussian(random, batch * width, 1);
        if (embedded) {
            images = FeatureMatrix.of(batch, width, images).normalized().toArray();
        }
        float[] features = images;
        int[] labels = random.ints(batch, 0, classes).toArray();
        Training training = method.training(0);
        Optimizer optimizer = new Optimizer(training);
        int[] steps = {0};
        long[] early = {0};
        try (Step step =
                clip.promptEncoder(method.prompts(clip, names)).step(input, method.loss(teacher), batch, memory)) {
            Measurement time = Measurement.of(warmup, runs, step.flops(batch), () -> {
                step.draw(steps[0]);
                step.run(features, labels);
                optimizer.step(input.learned(), training.rate(), ++steps[0]);
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

    /** Returns a name of digits, which are a token each, the last digit first, as prompts share their common beginning. */
    private String name(int number) {
        return new StringBuilder(String.format(Locale.ROOT, "%0" + nameTokens + "d", number))
                .reverse()
                .toString();
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
