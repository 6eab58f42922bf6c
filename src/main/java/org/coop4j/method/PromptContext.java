package org.coop4j.method;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.coop4j.base.Setting;
import org.coop4j.clip.Clip;
import org.coop4j.data.RandomStream;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.method.PromptLayout.ClassPosition;
import org.coop4j.text.Tokenizer;
import org.coop4j.weights.Shape;

/**
 * The context of prompts that are learned: how many vectors, where, whose, and what they begin as.
 *
 * @param contextLength number of context vectors M; words have about one a word, whatever is given
 * @param position where the class name stands
 * @param classSpecific whether each class has vectors of its own (CSC)
 * @param words words that the context begins as, one vector a token; random numbers where null
 */
record PromptContext(
        @Setting(value = "number of context vectors M; words have one a token", decidedBy = "words") int contextLength,
        @Setting("where the class name stands") ClassPosition position,
        @Setting("whether each class has context vectors of its own") boolean classSpecific,
        @Setting("words that the context begins as; random numbers without") String words) {

    /** The name of the context vectors in graphs and files. */
    static final String CTX = "ctx";

    /** Standard deviation of random vectors (the reference's). */
    private static final double STANDARD_DEVIATION = 0.02;

    PromptContext {
        if (contextLength < 1) {
            throw new IllegalArgumentException(
                    "context_length: expected 1 or more context vectors, got " + contextLength);
        }
        if (words != null && words.isBlank()) {
            throw new IllegalArgumentException("words: expected words to begin with, got none");
        }
        // Words decide the length: equal words make equal contexts, whatever else was said.
        contextLength = words == null ? contextLength : words.strip().split("\\s+").length;
    }

    /** Vectors at the end, shared by all classes, that begin as words or, where these are null, as random numbers. */
    static PromptContext atEnd(int length, String words) {
        return new PromptContext(length, ClassPosition.END, false, words);
    }

    /** Random vectors at the end, shared by all classes. */
    static PromptContext random(int length) {
        return atEnd(length, null);
    }

    /** Vectors at the end that begin as words, shared by all classes. */
    static PromptContext words(String words) {
        return atEnd(1, words);
    }

    /** How the prompts are laid out. */
    PromptLayout layout(Clip clip) {
        int length = words == null ? contextLength : wordTokens(clip.tokenizer()).length;
        return new PromptLayout(length, position, classSpecific);
    }

    private int[] wordTokens(Tokenizer tokenizer) {
        return tokenizer.encode(words.replace('_', ' '));
    }

    /** The vectors before training, [M, width] or, class-specific, [classes, M, width]. */
    LearnedTensor initial(Clip clip, int classes, long seed) {
        LearnedTensor ctx = zeros(clip, classes);
        float[] values = ctx.values();
        if (words != null) {
            int width = clip.architecture().text().width();
            int[] tokens = wordTokens(clip.tokenizer());
            for (int i = 0; i < values.length / width; i++) {
                float[] embedding = clip.tokenEmbedding(tokens[i % tokens.length]);
                System.arraycopy(embedding, 0, values, i * width, width);
            }
        } else {
            fill(values, RandomStream.of(seed, "initial context"));
        }
        return ctx;
    }

    /** Vectors of zeros, of the same shape. */
    LearnedTensor zeros(Clip clip, int classes) {
        return LearnedTensor.zeros(CTX, shape(clip, classes).toArray());
    }

    private Shape shape(Clip clip, int classes) {
        return layout(clip).shape(classes, clip.architecture().text().width());
    }

    /**
     * Checks that a file has vectors of this shape.
     *
     * @throws IOException if not, saying what it has
     */
    void require(Clip clip, ClassifierFile file) throws IOException {
        file.require(CTX, shape(clip, file.classNames().size()));
    }

    /** Random vectors as the reference's. */
    static void fill(float[] values, SplittableRandom random) {
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (STANDARD_DEVIATION * random.nextGaussian());
        }
    }

    /** Its settings in a title: "M = 16, middle, class-specific". */
    String describe() {
        List<String> parts = new ArrayList<>();
        parts.add(words == null ? "M = " + contextLength : "\"" + words + "\"");
        if (position != ClassPosition.END) {
            parts.add(position.id());
        }
        if (classSpecific) {
            parts.add("class-specific");
        }
        return String.join(", ", parts);
    }
}
