package org.coop4j.method;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.coop4j.base.Numbers;
import org.coop4j.base.RefusedException;
import org.coop4j.base.Require;
import org.coop4j.base.SafeText;
import org.coop4j.clip.Clip;
import org.coop4j.clip.PackedPrompts;
import org.coop4j.text.Tokenizer;
import org.coop4j.weights.Shape;

/**
 * The order of context vectors and class names in prompts (CoOp, equation 2, and the reference's {@code
 * PromptLearner.forward}).
 *
 * <p>With s the start token, v the context, n the name, "." and e the end token: END is {@code s v n . e}; MIDDLE is
 * {@code s v₁ n v₂ . e} with v₁ the first ⌊M/2⌋ vectors; FRONT is {@code s n v . e}.
 *
 * @param length number of context vectors M per prompt
 * @param position position of the class name
 * @param classSpecific whether each class has its own vectors
 */
public record PromptLayout(int length, ClassPosition position, boolean classSpecific) {

    private static final int SHOWN = 60;

    public PromptLayout {
        Require.that(length >= 1, "context: expected 1 or more vectors, got %s", length);
    }

    /**
     * Returns the layout of a file's context vectors, tensor {@code ctx}.
     *
     * @throws IllegalArgumentException if its method learns none
     */
    public static PromptLayout of(ClassifierFile file) {
        if (!file.tensors().containsKey(PromptContext.CTX)) {
            throw new IllegalArgumentException("%s learns no context vectors: give a prompt of one of %s"
                    .formatted(file.method().title(), String.join(", ", ReferenceCheckpoint.methods())));
        }
        Shape shape = file.tensor(PromptContext.CTX).shape();
        return new PromptLayout(
                Math.toIntExact(shape.dim(shape.rank() - 2)),
                file.method() instanceof PromptMethod prompts
                        ? prompts.context().position()
                        : ClassPosition.END,
                shape.rank() == 3);
    }

    /** Returns the number of context vectors of all classes together. */
    public int vectors(int classes) {
        return classSpecific ? Math.multiplyExact(classes, length) : length;
    }

    /** Returns the shape of the context: [M, width] or, class-specific, [classes, M, width]. */
    public Shape shape(int classes, int width) {
        return classSpecific ? Shape.of(classes, length, width) : Shape.of(length, width);
    }

    /**
     * Returns the prompt tokens of each class.
     *
     * @param frame tokens around each prompt
     * @param contextLength the model's context length
     * @throws RefusedException if a prompt does not fit, naming its class and length
     */
    public List<int[]> prompts(List<ClassName> names, Tokenizer.Frame frame, int contextLength) {
        List<int[]> prompts = new ArrayList<>();
        for (int c = 0; c < names.size(); c++) {
            ClassName name = names.get(c);
            int tokens = frame.length() + length + name.tokens().length;
            if (tokens > contextLength) {
                throw tooLong(name, tokens, contextLength, length);
            }
            prompts.add(prompt(name, classSpecific ? c * length : 0, frame));
        }
        return prompts;
    }

    /** Returns the prompt tokens of each class for a model. */
    public List<int[]> prompts(Clip clip, List<ClassName> names) {
        return prompts(
                names, clip.tokenizer().frame(), clip.architecture().text().contextLength());
    }

    /** Returns the number of context vectors before the class name. */
    private int before() {
        return switch (position) {
            case END -> length;
            case MIDDLE -> length / 2;
            case FRONT -> 0;
        };
    }

    /** Tokenizes class names for their place. */
    List<ClassName> names(List<String> names, Tokenizer tokenizer) {
        return names.stream()
                .map(name -> ClassName.of(name, tokenizer, before() == 0))
                .toList();
    }

    private int[] prompt(ClassName name, int firstVector, Tokenizer.Frame frame) {
        int before = before();
        int[] words = name.tokens();
        // At the end the whole sentence follows the context; elsewhere the name alone moves.
        int moving = position == ClassPosition.END ? words.length : name.nameLength();
        int[] v = IntStream.range(firstVector, firstVector + length)
                .map(PackedPrompts::context)
                .toArray();
        return frame.around(Stream.of(
                        Arrays.stream(v, 0, before),
                        Arrays.stream(words, 0, moving),
                        Arrays.stream(v, before, length),
                        Arrays.stream(words, moving, words.length))
                .flatMapToInt(part -> part));
    }

    /** Returns the error of a class whose prompt has more tokens than the model's context. */
    private static RefusedException tooLong(ClassName name, int tokens, int contextLength, int vectors) {
        int left = contextLength - tokens + name.nameLength();
        return new RefusedException(
                "class \"%s\": prompt of %d tokens exceeds the context length %d: %suse fewer context vectors than %d"
                        .formatted(
                                SafeText.shortened(name.name(), SHOWN),
                                tokens,
                                contextLength,
                                left < 1 ? "" : "shorten the class name to " + Numbers.count(left, "token") + " or ",
                                vectors));
    }

    /** Position of the class name in a learned prompt (CoOp, section 3.2). */
    public enum ClassPosition {
        /** After the context: the reference's default. */
        END,
        /** After the first ⌊M/2⌋ context vectors. */
        MIDDLE,
        /** Before the context. */
        FRONT;

        /** Returns the name in files and on the command line, such as {@code end}. */
        public String id() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * A class name in a prompt, in tokens.
     *
     * <p>The reference tokenizes the name together with the "." that ends the prompt, and counts the tokens of the name
     * alone: a name that ends in punctuation, such as "kite (bird of prey)", merges with the "." into one token, which then
     * belongs to the name.
     *
     * @param name the name as given
     * @param tokens the name and the end of the sentence
     * @param nameLength number of tokens that move with the name
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    public record ClassName(String name, int[] tokens, int nameLength) {

        public ClassName {
            nameLength = Math.min(nameLength, tokens.length);
        }

        /**
         * Tokenizes a name; underscores become spaces. Prompts without a start token (SigLIP) have no full stop either.
         *
         * @param first true if no context vector precedes the name
         * @throws IllegalArgumentException if the name has no tokens
         */
        static ClassName of(String name, Tokenizer tokenizer, boolean first) {
            String spoken = name.replace('_', ' ');
            int[] nameTokens = first ? tokenizer.encode(spoken) : tokenizer.encodeAfter(spoken);
            Require.that(nameTokens.length != 0, "class name \"%s\" has no tokens: use a name of words", name);
            boolean sentence = tokenizer.frame().start().isPresent();
            return new ClassName(name, sentence ? tokenizer.encode(spoken + ".") : nameTokens, nameTokens.length);
        }

        /**
         * Checks the class names of a task or classifier. Several may be the same, as in ImageNet.
         *
         * @throws IllegalArgumentException if there are none, or one is blank
         */
        static List<String> checked(List<String> names) {
            Require.that(!names.isEmpty(), "class names: expected 1 or more, got 0");
            for (int i = 0; i < names.size(); i++) {
                require(!names.get(i).isBlank(), names, i, "is blank");
            }
            return List.copyOf(names);
        }

        /**
         * Checks class names that a caller gives.
         *
         * @throws IllegalArgumentException if there are none, or one is blank or given twice
         */
        static List<String> distinct(List<String> names) {
            Set<String> seen = new HashSet<>();
            for (int i = 0; i < names.size(); i++) {
                require(seen.add(names.get(i)), names, i, "is an earlier one");
            }
            return checked(names);
        }

        private static void require(boolean right, List<String> names, int i, String problem) {
            Require.that(
                    right,
                    "class names: expected different names, but name %d, \"%s\", %s",
                    i + 1,
                    names.get(i),
                    problem);
        }

        /** Tokenizes names after context vectors. */
        static List<ClassName> of(List<String> names, Tokenizer tokenizer) {
            return names.stream().map(name -> of(name, tokenizer, false)).toList();
        }

        /** Tokenizes a template with {@code {}} replaced by the name. */
        static ClassName in(String template, String name, Tokenizer tokenizer) {
            int[] tokens = tokenizer.encode(PromptEnsemble.text(template, name));
            return new ClassName(name, tokens, tokens.length);
        }
    }
}
