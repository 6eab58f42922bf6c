package org.coop4j.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.coop4j.RandomValues.gaussian;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.coop4j.clip.Clip;
import org.coop4j.clip.PromptEncoder;
import org.coop4j.clip.TinyModel;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.FeatureSet.DenseFeatures;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.Method.Task;
import org.coop4j.method.PromptLayout.ClassPosition;
import org.coop4j.method.Training.BatchOrder;
import org.coop4j.model.ClipConfig;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The gradient of every method's loss through its graph, against central differences. */
class LossGradientTest {

    private static final List<String> CLASSES = List.of("left", "up_there", "right");

    /** Step of the difference quotient, as a share of the tensor's norm. */
    private static final double STEP = 4e-3;

    /** Largest change of the loss by a step: well above the rounding of a loss in float32. */
    private static final double CHANGE = 0.02;

    /** Of the largest slope of a tensor, twice what was seen. */
    private static final double TOLERANCE = 0.02;

    /** Wide enough for meta-nets of several hidden units. */
    private static final ClipConfig WIDE =
            new ClipConfig(64, TinyModel.ARCHITECTURE.vision(), TinyModel.ARCHITECTURE.text());

    @TempDir
    static Path folder;

    static Stream<Method> methods() {
        Stream<Method> layouts = Stream.of(
                new CoOp(3, ClassPosition.MIDDLE, true),
                new CoOp(5, ClassPosition.MIDDLE, false),
                new CoOp(2, ClassPosition.FRONT, true),
                new CoOp(4, ClassPosition.END, true));
        return Stream.concat(Method.all().stream(), layouts)
                .filter(method -> method.suits(false) && method.training(4).trains())
                // At λ = 0 ProGrad's step is the gradient of its first loss, which is reported.
                .map(m -> m instanceof ProGrad ? m.with(Map.of("lambda", 0)) : m)
                // So that the slopes of branches are not lost in the rounding of the loss.
                .map(m -> m instanceof ClipLora ? m.with(Map.of("alpha", 20)) : m);
    }

    @ParameterizedTest
    @MethodSource("methods")
    void theGradientIsTheSlopeOfTheLoss(Method method) throws IOException {
        Path model = TinyModel.write(WIDE, folder.resolve("tiny.safetensors"), 1);
        try (Clip clip = TinyModel.open(model, 1)) {
            Task task = new Task(CLASSES, "a photo of a {}.", 1);
            int width = clip.featureWidth(method.features());
            DenseFeatures images = images(width);
            Trainer trainer = new Trainer(method.training(4), 1);
            if (method instanceof PromptMethod prompts) {
                PromptLearner learner = PromptLearner.of(prompts, clip, task);
                PromptEncoder encoder = clip.promptEncoder(learner.prompts());
                try (BatchStep step = learner.step(encoder, learner.objective(), images, trainer.memory())) {
                    assertGradients(step, trainer.shuffled(images.size()));
                }
            } else if (method instanceof FeatureMethod features) {
                FewShotFeatures data = new FewShotFeatures(images, FeatureSet.none(width));
                FeatureMethod.ClassTexts texts =
                        new FeatureMethod.ClassTexts(features.prompts().of(task), clip, CLASSES);
                FeatureMethod.Head untrained = features.start(texts, data, trainer);
                FeatureSet samples = untrained.samples(images);
                try (BatchStep step = untrained.step(clip, samples, CLASSES.size())) {
                    assertGradients(step, untrained.order(samples.size(), trainer));
                }
            }
        }
    }

    private static DenseFeatures images(int width) {
        float[] values = gaussian(3, 6 * width);
        return new DenseFeatures(width, 1, values, new int[] {0, 1, 2, 0, 1, 2});
    }

    private static void assertGradients(BatchStep model, BatchOrder order) {
        assertThat(model.learned()).isNotEmpty();
        // Somewhere else than at the beginning, where penalties and their gradients vanish.
        Random random = new Random(7);
        for (LearnedTensor tensor : model.learned()) {
            double size = Math.max(0.02, norm(tensor.values()) / tensor.values().length);
            for (int i = 0; i < tensor.values().length; i++) {
                tensor.values()[i] += (float) (size * random.nextGaussian());
            }
        }
        int[] batch = order.epoch(0)[0];
        model.run(0, batch);
        List<float[]> gradients =
                model.learned().stream().map(t -> t.gradient().clone()).toList();
        for (int t = 0; t < gradients.size(); t++) {
            LearnedTensor tensor = model.learned().get(t);
            float[] along = gradients.get(t).clone();
            assertThat(norm(along)).as(tensor.name()).isPositive();
            assertSlope(model, batch, tensor, gradients.get(t), along);
            for (int draw = 0; draw < 3; draw++) {
                float[] direction = new float[along.length];
                for (int i = 0; i < direction.length; i++) {
                    direction[i] = (float) random.nextGaussian();
                }
                assertSlope(model, batch, tensor, gradients.get(t), direction);
            }
        }
    }

    private static void assertSlope(
            BatchStep model, int[] batch, LearnedTensor tensor, float[] gradient, float[] direction) {
        double length = norm(direction);
        double expected = 0;
        for (int i = 0; i < gradient.length; i++) {
            expected += gradient[i] * direction[i] / length;
        }
        double step = Math.min(STEP * Math.max(1, norm(tensor.values())), CHANGE / norm(gradient));
        double above = moved(model, batch, tensor, direction, step / length);
        double below = moved(model, batch, tensor, direction, -step / length);
        assertThat((above - below) / (2 * step))
                .as(tensor.name())
                .isCloseTo(expected, within(TOLERANCE * norm(gradient)));
    }

    private static double moved(BatchStep model, int[] batch, LearnedTensor tensor, float[] direction, double factor) {
        float[] values = tensor.values().clone();
        for (int i = 0; i < values.length; i++) {
            tensor.values()[i] += (float) (factor * direction[i]);
        }
        double loss = model.run(0, batch);
        System.arraycopy(values, 0, tensor.values(), 0, values.length);
        return loss;
    }

    private static double norm(float[] values) {
        double square = 0;
        for (float value : values) {
            square += (double) value * value;
        }
        return Math.sqrt(square);
    }
}
