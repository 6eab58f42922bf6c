package org.coop4j.method;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.clip.PromptTower;
import org.coop4j.data.RandomStream;
import org.coop4j.text.Tokenizer;
import org.coop4j.train.Trainable;

/**
 * Context vectors under training (the reference's {@code PromptLearner} and {@code CustomCLIP}).
 *
 * <p>The images are features, encoded once; every step encodes all class prompts with the context
 * as it is, and gives the loss of a batch and its gradient in the context. Nothing else is trained.
 */
public final class PromptLearner implements Trainable {

    private final PromptLayout layout;
    private final PromptTower tower;
    private final ImageFeatures images;
    private final float[] context;

    /** The training images as features. */
    public interface ImageFeatures {

        /** Width of a feature. */
        int width();

        /** The class of example {@code example}. */
        int label(int example);

        /** Copies the normalised features of an example, as epoch {@code epoch} sees it. */
        void copy(int example, int epoch, float[] target, int offset);
    }

    private PromptLearner(
            PromptLayout layout, PromptTower tower, ImageFeatures images, float[] context) {
        this.layout = layout;
        this.tower = tower;
        this.images = images;
        this.context = context;
    }

    /**
     * A learner for these classes.
     *
     * @param memory native memory for the intermediate values of a step
     * @throws PromptTooLongException if a prompt exceeds the context length, naming its class
     */
    public static PromptLearner of(
            Clip clip,
            List<ClassName> classes,
            ContextInit init,
            ClassPosition position,
            ImageFeatures images,
            MemoryLimit memory) {
        float[] context = initialContext(clip, classes.size(), init);
        int width = clip.architecture().text().width();
        boolean classSpecific = init.classSpecific();
        int vectors = context.length / width;
        int length = classSpecific ? vectors / classes.size() : vectors;
        PromptLayout layout = new PromptLayout(length, position, classSpecific);
        return new PromptLearner(layout, tower(clip, layout, classes, memory), images, context);
    }

    /** The text tower over the prompts of these classes. */
    static PromptTower tower(
            Clip clip, PromptLayout layout, List<ClassName> classes, MemoryLimit memory) {
        Tokenizer tokenizer = clip.tokenizer();
        List<int[]> prompts =
                layout.prompts(
                        classes,
                        tokenizer.startToken(),
                        tokenizer.endToken(),
                        clip.architecture().text().contextLength());
        return clip.promptTower(prompts, layout.vectors(classes.size()), memory);
    }

    private static float[] initialContext(Clip clip, int classes, ContextInit init) {
        int width = clip.architecture().text().width();
        if (init instanceof ContextInit.Words words) {
            int[] tokens = clip.tokenizer().encode(words.text().replace('_', ' '));
            int copies = words.classSpecific() ? classes : 1;
            float[] context = new float[Math.multiplyExact(copies * tokens.length, width)];
            for (int i = 0; i < copies * tokens.length; i++) {
                float[] embedding = clip.tokenEmbedding(tokens[i % tokens.length]);
                System.arraycopy(embedding, 0, context, i * width, width);
            }
            return context;
        }
        ContextInit.Random random = (ContextInit.Random) init;
        int vectors =
                random.classSpecific()
                        ? Math.multiplyExact(classes, random.length())
                        : random.length();
        float[] context = new float[Math.multiplyExact(vectors, width)];
        RandomGenerator numbers = gaussians(random.seed());
        for (int i = 0; i < context.length; i++) {
            context[i] = (float) (random.standardDeviation() * numbers.nextGaussian());
        }
        return context;
    }

    private static SplittableRandom gaussians(long seed) {
        return RandomStream.of(seed, "initial context");
    }

    /** How the prompts are laid out. */
    public PromptLayout layout() {
        return layout;
    }

    /** The tower that encodes them. */
    public PromptTower tower() {
        return tower;
    }

    @Override
    public float[] parameters() {
        return context;
    }

    @Override
    public BatchResult step(int epoch, int[] examples, float[] gradient) {
        float[] features = new float[examples.length * images.width()];
        int[] labels = new int[examples.length];
        for (int i = 0; i < examples.length; i++) {
            images.copy(examples[i], epoch, features, i * images.width());
            labels[i] = images.label(examples[i]);
        }
        tower.setContext(context);
        PromptTower.Step step = tower.step(features, labels);
        step.gradient(gradient);
        return new BatchResult(step.loss(), step.accuracy());
    }

    /** Features of the class prompts with the context as it is, not normalised. */
    public FeatureMatrix classFeatures() {
        tower.setContext(context);
        return tower.features();
    }

    /** The names of classes in tokens, in order. */
    public static List<ClassName> classNames(List<String> names, Tokenizer tokenizer) {
        List<ClassName> result = new ArrayList<>();
        for (String name : names) {
            result.add(ClassName.of(name, tokenizer));
        }
        return result;
    }
}
