package org.coop4j.method;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.clip.PromptTower;

/**
 * An image classifier from a learned prompt.
 *
 * <p>Class weights are computed once; then a prediction costs one image encoding and one product.
 */
public final class PromptClassifier {

    private final Clip clip;
    private final List<String> classNames;
    private final FeatureMatrix classWeights;

    private PromptClassifier(Clip clip, List<String> classNames, FeatureMatrix classWeights) {
        this.clip = clip;
        this.classNames = classNames;
        this.classWeights = classWeights;
    }

    /**
     * The classifier of a learned prompt for the classes it was trained for.
     *
     * @throws IllegalArgumentException if the prompt belongs to another model
     */
    public static PromptClassifier of(Clip clip, LearnedPrompt prompt) throws IOException {
        return of(clip, prompt, Optional.empty());
    }

    /**
     * The classifier of a learned prompt for other classes, which a unified context accepts.
     *
     * @throws IllegalArgumentException if the prompt belongs to another model, or is class-specific
     *     and given other classes
     */
    public static PromptClassifier of(
            Clip clip, LearnedPrompt prompt, Optional<List<String>> otherClasses)
            throws IOException {
        requireModel(clip, prompt);
        List<String> classNames = otherClasses.orElse(prompt.classNames());
        if (prompt.layout().classSpecific() && !classNames.equals(prompt.classNames())) {
            throw new IllegalArgumentException(
                    "a class-specific context has vectors for its own classes alone ("
                            + String.join(", ", prompt.classNames())
                            + "): train a unified context to change the classes");
        }
        PromptTower tower =
                PromptLearner.tower(
                        clip,
                        prompt.layout(),
                        PromptLearner.classNames(classNames, clip.tokenizer()),
                        MemoryLimit.none());
        tower.setContext(prompt.context());
        return new PromptClassifier(clip, classNames, tower.features().normalized());
    }

    /** Refuses a prompt of another model. */
    static void requireModel(Clip clip, LearnedPrompt prompt) throws IOException {
        String model = clip.model().sha256();
        if (!model.equals(prompt.modelSha256())) {
            throw new IllegalArgumentException(
                    String.format(
                            "the prompt was learned with the model %s…, but this model is %s…:"
                                    + " context vectors mean nothing to another model",
                            start(prompt.modelSha256()), start(model)));
        }
    }

    private static String start(String sha256) {
        return sha256.substring(0, Math.min(12, sha256.length()));
    }

    /** The classes, in the order of the probabilities. */
    public List<String> classNames() {
        return classNames;
    }

    /** Normalised class weights, one row a class. */
    public FeatureMatrix classWeights() {
        return classWeights;
    }

    /**
     * Class probabilities of image files.
     *
     * @return [images][classes]
     * @throws IOException if an image cannot be read, naming it
     */
    public float[][] probabilities(List<Path> images) throws IOException {
        return clip.probabilities(clip.encodeImages(images), classWeights);
    }

    /**
     * The most probable class of an image file.
     *
     * @throws IOException if it cannot be read
     */
    public String classify(Path image) throws IOException {
        float[] p = probabilities(List.of(image))[0];
        int best = 0;
        for (int c = 1; c < p.length; c++) {
            best = p[c] > p[best] ? c : best;
        }
        return classNames.get(best);
    }
}
