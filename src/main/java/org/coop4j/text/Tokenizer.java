package org.coop4j.text;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.coop4j.base.InputException;
import org.coop4j.base.RefusedException;
import org.coop4j.base.Require;
import org.coop4j.base.SafeText;
import org.coop4j.model.ConvertedModel;
import org.coop4j.model.ModelVocabulary;

/**
 * The tokenizer of a model: a text is cleaned and encoded by the model's vocabulary, then framed by its start and end
 * tokens and padded to the context length.
 *
 * <p>CLIP's token ids equal those of {@code clip.tokenize} for every text but mojibake, which its dependency ftfy repairs
 * and this class does not. Instances are safe for use by several threads.
 */
public final class Tokenizer {

    /** Largest number of characters of a text; what follows is cut off where texts are truncated. */
    private static final int MAX_LENGTH = 10_000;

    /** A part of a character. */
    private static final char UNREADABLE = '\uFFFD';

    /** Treatment of a text that has more tokens than the context can hold. */
    public enum Overflow {
        /** It is an error. */
        FAIL,
        /** Its last tokens are cut off; the end token stays. */
        TRUNCATE;

        /** Returns the treatment that cuts off, or else the one that fails. */
        public static Overflow of(boolean truncate) {
            return truncate ? TRUNCATE : FAIL;
        }
    }

    /**
     * The tokens around a text's own.
     *
     * @param start precedes every text: 49406 in CLIP, none in SigLIP and TIPS
     * @param end follows every text: 49407 in CLIP, none in TIPS
     * @param padding fills the context after the end token; without one nothing does
     */
    public record Frame(OptionalInt start, OptionalInt end, int padding) {

        /** The frame of TIPS: nothing around a text, and no padding. */
        static final Frame NONE = new Frame(OptionalInt.empty(), OptionalInt.empty(), 0);

        /** Returns CLIP's frame of a start and an end token, with zeros as padding. */
        public static Frame of(int start, int end) {
            return new Frame(OptionalInt.of(start), OptionalInt.of(end), 0);
        }

        /** Returns the number of start and end tokens. */
        public int length() {
            return (int) (start.stream().count() + end.stream().count());
        }

        /** Returns the ids between the start and the end token. */
        public int[] around(IntStream ids) {
            return IntStream.concat(IntStream.concat(start.stream(), ids), end.stream())
                    .toArray();
        }
    }

    /** A way of cleaning texts, and a vocabulary. */
    interface Codec {

        /** Returns the token ids of a text. */
        int[] encode(String text);

        /** Returns the token ids of a text that follows others in a prompt. */
        default int[] encodeAfter(String text) {
            return encode(text);
        }

        /** Returns the text that ids spell, as far as cleaning left it. */
        String decode(int[] ids);

        /** Returns the string of an id that is in the vocabulary. */
        String symbol(int id);

        /** Returns true for a token that ends a word, or begins one where a space is part of it. */
        boolean isWord(int id);

        /** Marks the text of a token that is a part of a word. */
        String part(String text);

        /** Returns the number of symbols. */
        int size();
    }

    private final Codec codec;
    private final Frame frame;

    Tokenizer(Codec codec, Frame frame) {
        this.codec = codec;
        this.frame = frame;
    }

    /** Loads the vocabulary of OpenAI's CLIP models, which nearly all CLIP models share. */
    public static Tokenizer load() {
        return ClipCodec.tokenizer(Vocabulary.clip());
    }

    /**
     * Loads the vocabulary of a model: the one in its file, or else CLIP's.
     *
     * @throws IOException if the vocabulary is damaged, or a SigLIP has none
     */
    public static Tokenizer of(ConvertedModel model) throws IOException {
        Optional<ModelVocabulary> own = model.metadata().vocabulary();
        if (own.isPresent()) {
            return PieceCodec.tokenizer(own.get(), model.vocabulary().orElseThrow());
        }
        if (model.lacksVocabulary()) {
            throw InputException.in(
                    model.path(),
                    "the model has no vocabulary for its texts: convert its folder again, with %s in it"
                            .formatted(String.join(" or ", ModelVocabulary.FILES)));
        }
        return load();
    }

    /**
     * Loads the vocabulary of a folder: {@code vocab.json} and {@code merges.txt} of a CLIP, or the pieces of a SigLIP.
     * Folders of Hugging Face and of open_clip clean texts differently.
     *
     * @throws IOException if a file is missing or damaged, naming the file and the entry
     */
    public static Tokenizer ofFolder(Path folder) throws IOException {
        Optional<ModelVocabulary> pieces =
                Files.exists(folder.resolve(Vocabulary.MERGES)) ? Optional.empty() : ModelVocabulary.of(folder);
        return pieces.isEmpty()
                ? ClipCodec.tokenizer(Vocabulary.ofHuggingFace(folder))
                : PieceCodec.tokenizer(pieces.get(), pieces.get().read(folder));
    }

    /** Returns the text's token ids, without start and end token. */
    public int[] encode(String text) {
        return codec.encode(text);
    }

    /** Returns the token ids of a text that follows others in a prompt: some vocabularies begin its words with a space. */
    public int[] encodeAfter(String text) {
        return codec.encodeAfter(text);
    }

    /**
     * Returns the text's framed tokens, padded to the context length.
     *
     * @throws TextTooLongException if they exceed the context
     */
    public int[] tokenize(String text, int contextLength) {
        return tokenize(text, contextLength, Overflow.FAIL);
    }

    /**
     * Returns the text's framed tokens, padded to the context length, but not in TIPS. CLIP's padding, zero, is the token
     * "!"; nothing after its end token affects the text's features.
     *
     * @param overflow treatment of a text of too many tokens
     * @throws TextTooLongException if the text is too long, or has more than 10,000 characters, and {@code overflow} is
     *     {@code FAIL}
     * @throws RefusedException if the text is empty, and no token frames it
     */
    public int[] tokenize(String text, int contextLength, Overflow overflow) {
        int[] framed = framed(text, contextLength, overflow);
        if (frame.end.isEmpty()) {
            return framed;
        }
        int[] tokens = Arrays.copyOf(framed, contextLength);
        Arrays.fill(tokens, framed.length, contextLength, frame.padding);
        return tokens;
    }

    /**
     * Returns the text's token ids between its start and end token, without padding.
     *
     * @throws TextTooLongException if a text that must fit has more tokens than the context
     */
    public int[] framed(String text, int contextLength, Overflow overflow) {
        Require.that(
                contextLength >= frame.length(),
                "context length: expected %d or more, for start and end token, got %s",
                frame.length(),
                contextLength);
        if (text.length() > MAX_LENGTH && overflow == Overflow.FAIL) {
            throw new TextTooLongException(
                    "%,d characters".formatted(text.length()), "limit of %,d".formatted(MAX_LENGTH), text);
        }
        int[] ids = encode(text.substring(0, Math.min(text.length(), MAX_LENGTH)));
        int room = contextLength - frame.length();
        if (ids.length > room && overflow == Overflow.FAIL) {
            throw new TextTooLongException(
                    "%s tokens (including start and end)".formatted(ids.length + frame.length()),
                    "context length " + contextLength,
                    text);
        }
        if (ids.length + frame.length() == 0) {
            throw new RefusedException("a text has no tokens, and the model none to put in their place: use words");
        }
        return frame.around(Arrays.stream(ids).limit(room));
    }

    /**
     * Returns the text of token ids; CLIP's has a space after each word. Start and end token are spelled out, and bytes
     * that are not UTF-8 become U+FFFD.
     *
     * @throws IllegalArgumentException if an id is not in the vocabulary
     */
    public String decode(int[] ids) {
        for (int id : ids) {
            symbol(id);
        }
        return codec.decode(ids);
    }

    /**
     * Returns the vocabulary's string of an id, in its byte alphabet, including {@code </w>}: 320 is {@code a</w>}.
     *
     * @throws IllegalArgumentException if the vocabulary has no such id
     */
    public String symbol(int id) {
        Require.that(
                id >= 0 && id < vocabularySize(),
                "token id %s is not in the vocabulary: expected 0 to %s",
                id,
                vocabularySize() - 1);
        return codec.symbol(id);
    }

    /** Returns true for a token that is mostly a whole word: it ends one, or begins one where a space is part of it. */
    public boolean isWord(int id) {
        return codec.isWord(id);
    }

    /** Returns a token for people to read: its text, with an ellipsis where a word goes on, or its symbol if it has none. */
    public String readable(int id) {
        String text = decode(new int[] {id}).strip();
        boolean whole = isWord(id) || (symbol(id).startsWith("<") && symbol(id).endsWith(">"));
        return text.isEmpty() || text.indexOf(UNREADABLE) >= 0 ? symbol(id) : whole ? text : codec.part(text);
    }

    /** Returns the tokens around a text's own. */
    public Frame frame() {
        return frame;
    }

    /** Returns the number of symbols: 49,408 in CLIP. */
    public int vocabularySize() {
        return codec.size();
    }

    /** A text that has more tokens than the context can hold. */
    public static final class TextTooLongException extends RefusedException {
        private static final int SHOWN = 120;

        TextTooLongException(String size, String limit, String text) {
            super("text of %s exceeds the %s: shorten or truncate it: \"%s\""
                    .formatted(size, limit, SafeText.shortened(text, SHOWN)));
        }
    }
}
