package org.coop4j.clip;

import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.text.Tokenizer;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * The space in which the features of images and texts meet: all that a method of image features
 * needs of CLIP. A {@link Clip} is one; {@link FeatureTable} is one without a model, made of
 * features that were encoded before.
 */
public interface FeatureSpace extends Closeable {

    /** Width of a feature. */
    int embedDim();

    /** exp(logit_scale), the factor of the cosine in the logits; about 100 in released models. */
    default float logitScale() {
        return (float) Math.exp(logLogitScale());
    }

    /** CLIP's parameter {@code logit_scale}. */
    float logLogitScale();

    /** SHA-256 of the model file whose features these are, in hexadecimal; empty if unknown. */
    String modelSha256() throws IOException;

    /** What the image tower that makes the features computes in. */
    Precision precision();

    /** The threads that it works with. */
    Workers workers();

    /** Whether it has the feature of a text, or a text tower that makes it. */
    boolean knows(String text);

    /**
     * Checks that the feature of a text can be had.
     *
     * @throws org.coop4j.text.TextTooLongException if it exceeds the context length
     * @throws IllegalArgumentException if it is not among those that are known
     */
    void requireText(String text);

    /**
     * Features of texts, not normalised, one row each.
     *
     * @param overflow what happens to a text that exceeds the context; if it is an error, it is one
     *     before any text is encoded
     * @throws IllegalArgumentException if one is not among those that are known
     */
    FeatureMatrix encodeTexts(List<String> texts, Tokenizer.Overflow overflow);

    /** Multiplications that encoding a token of a text takes, about. */
    double tokenWork();

    /**
     * Plans the training step of a loss of image features alone, which the towers have no part in.
     *
     * @param learned what is learned
     * @param batch images of a step
     * @param width of an image's features
     * @param classes number of classes
     * @param loss makes the loss, a scalar
     */
    Step step(List<LearnedTensor> learned, int batch, int width, int classes, Function<StepGraph, SDVariable> loss);

    /**
     * The layer that the image tower ends in.
     *
     * @param what takes it, for the message
     * @throws IllegalArgumentException if it is not known
     */
    default VisualProjection requireVisualProjection(String what) {
        return requireTowers(what).visualProjection();
    }

    /** The model with its towers, where there is one. */
    Optional<Clip> towers();

    /**
     * The model with its towers.
     *
     * @param what takes them, for the message
     * @throws IllegalArgumentException if there are features alone
     */
    default Clip requireTowers(String what) {
        return towers().orElseThrow(() -> new IllegalArgumentException(
                what + " runs a tower of CLIP, and there are features" + " alone: give the model with --model"));
    }
}
