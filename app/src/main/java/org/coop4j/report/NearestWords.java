package org.coop4j.report;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.coop4j.base.Require;
import org.coop4j.base.Resource;
import org.coop4j.base.Sha256;
import org.coop4j.clip.Clip;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.PromptContext;
import org.coop4j.method.PromptLayout;
import org.coop4j.method.UnknownWords;
import org.coop4j.text.Tokenizer;

/**
 * The tokens whose embeddings are nearest to learned context vectors, by Euclidean distance (CoOp, "Interpreting the
 * Learned Prompts"; the reference's {@code interpret_prompt.py} always uses the embeddings of RN50, this those of the
 * prompt's model).
 *
 * <p>The paper warns against over-interpretation: several vectors are nearest to meaningless tokens, and the nearest
 * token may be far away.
 *
 * @param compared number of tokens compared
 * @param untrained number of tokens left out because their embeddings are zero: a small model may know only the tokens
 *     of its captions
 * @param vectors one entry per context vector, in the order of the file
 */
public record NearestWords(int compared, int untrained, List<ContextVector> vectors) {

    private static final int SLUR_DIGITS = 16;

    /** Number of embeddings in memory at a time. */
    private static final int BLOCK = 1 << 12;

    /**
     * A context vector with its nearest tokens.
     *
     * @param className its class, if the context is class-specific
     * @param number its position in the context, from 1
     * @param nearest nearest first; of equal distances the smaller token id first
     */
    public record ContextVector(Optional<String> className, int number, List<Word> nearest) {}

    /**
     * A token near a vector.
     *
     * @param token its id
     * @param symbol its string in the vocabulary, such as {@code photo</w>}
     * @param text its readable form: "photo", or "pho…" for a part of a word
     * @param distance Euclidean distance to the vector
     */
    public record Word(int token, String symbol, String text, double distance) {}

    /**
     * Finds the nearest tokens.
     *
     * @param count number of tokens per vector
     * @param wordEnds true to compare with tokens that are mostly whole words alone, without slurs
     * @throws IllegalArgumentException if the prompt belongs to another model, or the model's vocabulary is not the
     *     tokenizer's
     */
    public static NearestWords of(Clip clip, ClassifierFile file, int count, boolean wordEnds) throws IOException {
        file.requireModel(clip);
        PromptLayout layout = PromptLayout.of(file);
        Tokenizer tokenizer = clip.tokenizer();
        int vocabulary = clip.architecture().text().vocabularySize();
        Require.that(
                vocabulary == tokenizer.vocabularySize(),
                "the model has a vocabulary of %d tokens, but the tokenizer of %d: use the model's own tokenizer",
                vocabulary,
                tokenizer.vocabularySize());
        Require.that(count >= 1, "nearest words: expected 1 or more, got %s", count);
        // The first digits of the SHA-256 of words that no report should show.
        Set<String> slurs = Set.copyOf(
                Resource.text(NearestWords.class, "slurs.sha256").lines().toList());
        float[] context = file.tensor(PromptContext.CTX).values();
        int width = clip.architecture().text().width();
        List<Nearest> found = new ArrayList<>();
        for (int at = 0; at < context.length; at += width) {
            found.add(new Nearest(Arrays.copyOfRange(context, at, at + width), count));
        }
        int compared = 0;
        int untrained = 0;
        for (int first = 0; first < vocabulary; first += BLOCK) {
            Map<Integer, float[]> rows = new TreeMap<>(); // by token
            for (int token = first; token < Math.min(first + BLOCK, vocabulary); token++) {
                if (!wordEnds || isFitWord(token, tokenizer, slurs)) {
                    float[] embedding = clip.tokenEmbedding(token);
                    if (UnknownWords.isZero(embedding)) {
                        untrained++;
                    } else {
                        rows.put(token, embedding);
                    }
                }
            }
            compared += rows.size();
            found.parallelStream().forEach(nearest -> rows.forEach(nearest::offer));
        }
        int length = layout.length();
        List<ContextVector> vectors = IntStream.range(0, found.size())
                .mapToObj(v -> new ContextVector(
                        layout.classSpecific() ? Optional.of(file.classNames().get(v / length)) : Optional.empty(),
                        v % length + 1,
                        found.get(v).words(tokenizer)))
                .toList();
        return new NearestWords(compared, untrained, vectors);
    }

    private static boolean isFitWord(int token, Tokenizer tokenizer, Set<String> slurs) {
        return tokenizer.isWord(token)
                && !slurs.contains(Sha256.of(tokenizer.readable(token)).substring(0, SLUR_DIGITS));
    }

    /** A token and its squared distance to some vector. */
    private record Near(int token, double square) {}

    /** The nearest of the offered tokens to a vector. */
    private static final class Nearest {
        private final float[] vector;
        private final int count;
        private final TreeSet<Near> found =
                new TreeSet<>(Comparator.comparingDouble(Near::square).thenComparingInt(Near::token));

        Nearest(float[] vector, int count) {
            this.vector = vector;
            this.count = count;
        }

        void offer(int token, float[] embedding) {
            double square = square(vector, embedding);
            if (found.size() < count || square <= found.last().square) {
                found.add(new Near(token, square));
            }
            if (found.size() > count) {
                found.pollLast();
            }
        }

        /** Returns the tokens, nearest first. */
        List<Word> words(Tokenizer tokenizer) {
            return found.stream()
                    .map(near -> new Word(
                            near.token,
                            tokenizer.symbol(near.token),
                            tokenizer.readable(near.token),
                            Math.sqrt(near.square)))
                    .toList();
        }
    }

    /** Returns the squared distance in two sums, whose additions are independent. */
    private static double square(float[] vector, float[] embedding) {
        double even = 0;
        double odd = 0;
        int i = 0;
        for (; i + 1 < vector.length; i += 2) {
            double a = (double) embedding[i] - vector[i];
            double b = (double) embedding[i + 1] - vector[i + 1];
            even += a * a;
            odd += b * b;
        }
        if (i < vector.length) {
            double a = (double) embedding[i] - vector[i];
            even += a * a;
        }
        return even + odd;
    }
}
