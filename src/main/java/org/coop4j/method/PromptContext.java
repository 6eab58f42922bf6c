package org.coop4j.method;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.coop4j.base.Heap;
import org.coop4j.base.Require;
import org.coop4j.base.Settings.Setting;
import org.coop4j.clip.Clip;
import org.coop4j.data.RandomStream;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.method.PromptLayout.ClassPosition;
import org.coop4j.weights.Shape;

/**
 * The context vectors of learned prompts.
 *
 * @param start their number and initial values
 * @param position position of the class name
 * @param classSpecific whether each class has its own vectors (CSC)
 */
public record PromptContext(
        ContextStart start,
        @Setting("position of the class name") ClassPosition position,
        @Setting("whether each class has its own context vectors") boolean classSpecific) {

    public PromptContext {
        Require.present("start", start);
        Require.present("position", position);
    }

    /** The name of the context vectors in graphs and files. */
    public static final String CTX = "ctx";

    /** CoOp's words to initialise the context. */
    static final String PHOTO = "a photo of a";

    /** CoOp's number of context vectors. */
    static final int COOP_LENGTH = 16;

    /** CoOp's standard deviation of random vectors. */
    private static final double STANDARD_DEVIATION = 0.02;

    /**
     * The number of context vectors and their initial values.
     *
     * @param contextLength number of context vectors M; 0 for as many as the words have tokens
     * @param words initial words of the context, one vector per token; null for random numbers
     */
    public record ContextStart(
            @Setting(value = "number of context vectors M; 0 for one per token of the words", decidedBy = "words")
                    int contextLength,
            @Setting("initial words of the context; without them random numbers") String words) {

        public ContextStart {
            Require.that(
                    contextLength >= (words == null ? 1 : 0),
                    "context_length: expected 1 or more context vectors, got %s",
                    contextLength);
            Require.that(words == null || !words.isBlank(), "words: expected initial words, got none");
        }

        /** Vectors that begin as random numbers. */
        public ContextStart(int contextLength) {
            this(contextLength, null);
        }

        /** Vectors that begin as words, one per token. */
        public ContextStart(String words) {
            this(0, words);
        }

        /**
         * Returns the number of vectors in a model.
         *
         * @throws IllegalArgumentException if the words have another number of tokens
         */
        int length(Clip clip) {
            int length = words == null ? contextLength : tokens(clip).length;
            Require.that(
                    contextLength == 0 || contextLength == length,
                    "context_length: the words \"%s\" make it %d, got %d: omit context_length, or set words to none",
                    words,
                    length,
                    contextLength);
            return length;
        }

        private int[] tokens(Clip clip) {
            return clip.tokenizer().encode(words.replace('_', ' '));
        }

        /** Returns the settings in a title: "M = 16", or the words. */
        String describe() {
            return words == null ? "M = " + contextLength : "\"" + words + "\"";
        }
    }

    /** Returns vectors before the class name, shared by all classes. */
    static PromptContext atEnd(ContextStart start) {
        return new PromptContext(start, ClassPosition.END, false);
    }

    /** Returns the layout of the prompts. */
    PromptLayout layout(Clip clip) {
        return new PromptLayout(start.length(clip), position, classSpecific);
    }

    /** Returns the initial vectors, [M, width] or, class-specific, [classes, M, width]. */
    LearnedTensor initial(Clip clip, int classes, long seed) {
        LearnedTensor ctx = zeros(clip, classes);
        float[] values = ctx.values();
        if (start.words == null) {
            fill(values, RandomStream.of(seed, "initial context"), deviation(clip));
            return ctx;
        }
        float[] embeddings = embeddings(clip, start.tokens(clip));
        for (int i = 0; i < values.length; i += embeddings.length) {
            System.arraycopy(embeddings, 0, values, i, embeddings.length);
        }
        return ctx;
    }

    /** Returns the embeddings of tokens, [tokens, width]. */
    static float[] embeddings(Clip clip, int... tokens) {
        int width = clip.architecture().text().width();
        float[] embeddings = Heap.floats(tokens.length, width);
        for (int i = 0; i < tokens.length; i++) {
            System.arraycopy(clip.tokenEmbedding(tokens[i]), 0, embeddings, i * width, width);
        }
        return embeddings;
    }

    /** Returns zero vectors of the same shape. */
    LearnedTensor zeros(Clip clip, int classes) {
        return LearnedTensor.zeros(CTX, shape(clip, classes).toArray());
    }

    private Shape shape(Clip clip, int classes) {
        return layout(clip).shape(classes, clip.architecture().text().width());
    }

    /**
     * Checks the shape of the vectors in a file.
     *
     * @throws IOException if it has no vectors of this shape, naming theirs
     */
    void require(Clip clip, ClassifierFile file) throws IOException {
        file.require(shape(clip, file.classNames().size()), CTX);
    }

    /** Fills vectors with CoOp's random numbers. */
    static void fill(float[] values, SplittableRandom random) {
        fill(values, random, STANDARD_DEVIATION);
    }

    private static void fill(float[] values, SplittableRandom random, double deviation) {
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (deviation * random.nextGaussian());
        }
    }

    /** Returns the standard deviation of random vectors: CoOp's, which is that of CLIP's tokens, or SigLIP's own. */
    private static double deviation(Clip clip) {
        return clip.architecture().text().unmasked() ? clip.tokenDeviation() : STANDARD_DEVIATION;
    }

    /** Returns the settings in a title: "M = 16, middle, class-specific". */
    String describe() {
        List<String> parts = new ArrayList<>();
        parts.add(start.describe());
        if (position != ClassPosition.END) {
            parts.add(position.id());
        }
        if (classSpecific) {
            parts.add("class-specific");
        }
        return String.join(", ", parts);
    }
}
