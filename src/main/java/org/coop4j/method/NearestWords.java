package org.coop4j.method;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.function.IntPredicate;
import org.coop4j.base.Resource;
import org.coop4j.base.Sha256;
import org.coop4j.clip.Clip;
import org.coop4j.graph.host.Workers;
import org.coop4j.text.Tokenizer;

/**
 * The tokens whose embeddings are nearest to learned context vectors, by Euclidean distance (CoOp,
 * "Interpreting the Learned Prompts"; the reference's {@code interpret_prompt.py} always takes the
 * table of RN50, where this takes that of the prompt's own model).
 *
 * <p>The paper warns of reading much into them: several vectors are nearest to tokens without
 * sense, and a vector's nearest token need not be near.
 *
 * @param compared tokens that were compared with
 * @param untrained tokens left out because their embeddings are all zero: a small model may have
 *     learned those alone that its captions held
 * @param vectors one for each context vector, in the order of the file
 */
public record NearestWords(int compared, int untrained, List<ContextVector> vectors) {

    private static final String END_OF_WORD = "</w>";
    private static final int SLUR_DIGITS = 16;
    private static final char UNREADABLE = '\uFFFD';

    /** Copies the list. */
    public NearestWords {
        vectors = List.copyOf(vectors);
    }

    /** Which tokens are looked at. */
    public enum Tokens {
        /** All of the vocabulary. */
        ALL,
        /** Those that end a word, so that most are whole words, without slurs. */
        WORD_ENDS
    }

    /**
     * A context vector and what is near to it.
     *
     * @param className the class it belongs to, if the context is class-specific
     * @param number its place in the context, counted from 1
     * @param nearest nearest first; of equal distances the smaller token id
     */
    public record ContextVector(Optional<String> className, int number, List<Word> nearest) {
        /** Copies the list. */
        public ContextVector {
            nearest = List.copyOf(nearest);
        }
    }

    /**
     * A token near to a vector.
     *
     * @param token its id
     * @param symbol its string in the vocabulary, such as {@code photo</w>}
     * @param text as people read it: "photo", or "pho…" if it does not end a word
     * @param distance Euclidean distance to the vector
     */
    public record Word(int token, String symbol, String text, double distance) {}

    /**
     * Finds the nearest tokens.
     *
     * @param count how many for each vector
     * @throws IllegalArgumentException if the prompt belongs to another model, or the model's
     *     vocabulary is not the tokenizer's
     */
    public static NearestWords of(Clip clip, ClassifierFile file, int count, Tokens tokens)
            throws IOException {
        file.requireModel(clip);
        PromptLayout layout = PromptLayout.of(file);
        Tokenizer tokenizer = clip.tokenizer();
        int vocabulary = clip.architecture().text().vocabularySize();
        if (vocabulary != tokenizer.vocabularySize()) {
            throw new IllegalArgumentException(
                    "the model has a vocabulary of %d tokens, the tokenizer one of %d: the model's"
                                    .formatted(vocabulary, tokenizer.vocabularySize())
                            + " own is needed to name them");
        }
        Set<String> slurs = slurs();
        clip.tokenEmbedding(0); // reads the table, before threads ask for it
        IntPredicate wanted =
                token -> tokens == Tokens.ALL || isFitWord(tokenizer.symbol(token), slurs);
        Search search = new Search(file.tensor(PromptContext.CTX).values(), clip.architecture().text().width(), count);
        search.run(vocabulary, clip::tokenEmbedding, wanted, clip.workers());
        List<ContextVector> vectors = new ArrayList<>();
        int length = layout.length();
        for (int v = 0; v < search.vectors; v++) {
            Optional<String> className =
                    layout.classSpecific()
                            ? Optional.of(file.classNames().get(v / length))
                            : Optional.empty();
            List<Word> words =
                    search.nearest(v).stream().map(near -> near.word(tokenizer)).toList();
            vectors.add(new ContextVector(className, v % length + 1, words));
        }
        return new NearestWords(search.compared, search.untrained, vectors);
    }

    private static boolean isFitWord(String symbol, Set<String> slurs) {
        if (!symbol.endsWith(END_OF_WORD)) {
            return false;
        }
        String word = symbol.substring(0, symbol.length() - END_OF_WORD.length());
        return !slurs.contains(Sha256.of(word).substring(0, SLUR_DIGITS));
    }

    /** The first digits of the SHA-256 of words that no report should show. */
    private static Set<String> slurs() throws IOException {
        return Set.copyOf(Resource.text(NearestWords.class, "slurs.sha256").lines().toList());
    }

    /** A token and its squared distance to some vector. */
    private record Near(int token, double square) {

        static final Comparator<Near> NEAREST_FIRST =
                Comparator.comparingDouble(Near::square).thenComparingInt(Near::token);

        Word word(Tokenizer tokenizer) {
            String symbol = tokenizer.symbol(token);
            String text = tokenizer.decode(new int[] {token}).strip();
            if (text.indexOf(UNREADABLE) >= 0) {
                text = symbol; // a part of a character
            } else if (!symbol.endsWith(END_OF_WORD) && !symbol.startsWith("<|")) {
                text += "…";
            }
            return new Word(token, symbol, text, Math.sqrt(square));
        }
    }

    /** Compares all tokens with all vectors; each thread takes a part of the tokens. */
    private static final class Search {
        private final float[] context;
        private final int width;
        private final int vectors;
        private final int count;

        /** The nearest found so far of each vector, the farthest of them on top. */
        private final List<PriorityQueue<Near>> found = new ArrayList<>();

        private int compared;
        private int untrained;

        Search(float[] context, int width, int count) {
            if (count < 1) {
                throw new IllegalArgumentException(
                        "number of nearest words is " + count + ": give 1 or more");
            }
            this.context = context;
            this.width = width;
            this.vectors = context.length / width;
            this.count = count;
            found.addAll(queues());
        }

        private List<PriorityQueue<Near>> queues() {
            List<PriorityQueue<Near>> queues = new ArrayList<>();
            for (int v = 0; v < vectors; v++) {
                queues.add(new PriorityQueue<>(Near.NEAREST_FIRST.reversed()));
            }
            return queues;
        }

        void run(int tokens, IntFunction<float[]> table, IntPredicate wanted, Workers workers) {
            workers.rows(tokens, (part, from, to) -> runPart(from, to, table, wanted));
        }

        private void runPart(int from, int to, IntFunction<float[]> table, IntPredicate wanted) {
            List<PriorityQueue<Near>> own = queues();
            int seen = 0;
            int zero = 0;
            for (int token = from; token < to; token++) {
                if (!wanted.test(token)) {
                    continue;
                }
                float[] embedding = table.apply(token);
                if (isZero(embedding)) {
                    zero++;
                    continue;
                }
                seen++;
                for (int v = 0; v < vectors; v++) {
                    offer(own.get(v), new Near(token, square(embedding, v)));
                }
            }
            merge(own, seen, zero);
        }

        private synchronized void merge(List<PriorityQueue<Near>> part, int seen, int zero) {
            for (int v = 0; v < vectors; v++) {
                for (Near near : part.get(v)) {
                    offer(found.get(v), near);
                }
            }
            compared += seen;
            untrained += zero;
        }

        private void offer(PriorityQueue<Near> queue, Near near) {
            if (queue.size() < count) {
                queue.add(near);
            } else if (Near.NEAREST_FIRST.compare(near, queue.peek()) < 0) {
                queue.poll();
                queue.add(near);
            }
        }

        private static boolean isZero(float[] values) {
            for (float value : values) {
                if (value != 0) {
                    return false;
                }
            }
            return true;
        }

        /** Two sums, so that an addition need not wait for the one before. */
        private double square(float[] embedding, int vector) {
            double even = 0;
            double odd = 0;
            int offset = vector * width;
            int i = 0;
            for (; i + 1 < width; i += 2) {
                double a = (double) embedding[i] - context[offset + i];
                double b = (double) embedding[i + 1] - context[offset + i + 1];
                even += a * a;
                odd += b * b;
            }
            if (i < width) {
                double a = (double) embedding[i] - context[offset + i];
                even += a * a;
            }
            return even + odd;
        }

        List<Near> nearest(int vector) {
            return found.get(vector).stream().sorted(Near.NEAREST_FIRST).toList();
        }
    }
}
