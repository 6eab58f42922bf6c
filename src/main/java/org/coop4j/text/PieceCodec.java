package org.coop4j.text;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.coop4j.base.InputException.require;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.BiConsumer;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.coop4j.base.InputException;
import org.coop4j.model.ModelVocabulary;
import org.coop4j.text.Pieces.Kind;
import org.coop4j.text.Tokenizer.Frame;

/** The vocabulary of a SigLIP or TIPS: cleaned text is split into pieces of words, spaces among them. */
final class PieceCodec implements Tokenizer.Codec {

    /**
     * The contents of a vocabulary file.
     *
     * @param ids appends the ids of a cleaned text
     * @param start token before every text, if any
     * @param end token after every text, if the file names it
     */
    record Encoding(
            Pieces pieces, BiConsumer<String, IntStream.Builder> ids, Optional<String> start, Optional<String> end) {}

    private final Pieces pieces;
    private final BiConsumer<String, IntStream.Builder> ids;
    private final UnaryOperator<String> cleaning;

    private PieceCodec(Encoding encoding, UnaryOperator<String> cleaning) {
        pieces = encoding.pieces;
        ids = encoding.ids;
        this.cleaning = cleaning;
    }

    /**
     * Reads a vocabulary.
     *
     * @param content the bytes of its file
     */
    static Tokenizer tokenizer(ModelVocabulary vocabulary, byte[] content) throws IOException {
        try {
            Encoding encoding =
                    vocabulary.file().endsWith(".json") ? TokenizerJson.read(content) : SentencePieceFile.read(content);
            Frame frame = vocabulary.endToken().isEmpty() ? bare(encoding) : framed(vocabulary, encoding);
            return new Tokenizer(new PieceCodec(encoding, cleaning(vocabulary.cleaning())), frame);
        } catch (InputException | IllegalArgumentException e) {
            throw new InputException(vocabulary.file() + ": " + e.getMessage(), e);
        }
    }

    private static Frame framed(ModelVocabulary vocabulary, Encoding encoding) throws InputException {
        return new Frame(
                encoding.start.isEmpty() ? OptionalInt.empty() : OptionalInt.of(id(encoding, encoding.start.get())),
                OptionalInt.of(id(encoding, encoding.end.orElse(vocabulary.endToken()))),
                id(encoding, vocabulary.padToken()));
    }

    /** Checks that every character has pieces: TIPS takes the unknown piece for padding. */
    private static Frame bare(Encoding encoding) throws InputException {
        long bytes = IntStream.range(0, encoding.pieces.size())
                .filter(id -> encoding.pieces.kind(id) == Kind.BYTE)
                .count();
        require(bytes == 256, "expected a piece of each of the 256 bytes, as in TIPS, got %d", bytes);
        return Frame.NONE;
    }

    private static int id(Encoding encoding, String token) throws InputException {
        int id = encoding.pieces.indexOf(token);
        require(id >= 0, "no piece \"%s\", which frames texts", token);
        return id;
    }

    private static UnaryOperator<String> cleaning(ModelVocabulary.Cleaning cleaning) {
        return switch (cleaning) {
            case LOWER -> TextCleaner::lowerCaseOfEach;
            case PUNCTUATION -> TextCleaner::withoutPunctuation;
            case CANONICALIZE -> new TextCleaner(HtmlEntities.load())::canonicalize;
            case WHITESPACE -> new TextCleaner(HtmlEntities.load())::cleanKeepingCase;
        };
    }

    @Override
    public int[] encode(String text) {
        return ids(cleaning.apply(TextCleaner.wellFormed(text)));
    }

    @Override
    public int[] encodeAfter(String text) {
        String cleaned = cleaning.apply(TextCleaner.wellFormed(text)).stripLeading();
        return ids(cleaned.isEmpty() ? cleaned : ' ' + cleaned);
    }

    private int[] ids(String cleaned) {
        IntStream.Builder all = IntStream.builder();
        ids.accept(cleaned, all);
        return all.build().toArray();
    }

    @Override
    public String decode(int[] tokens) {
        ByteArrayOutputStream spelled = new ByteArrayOutputStream();
        for (int token : tokens) {
            if (pieces.kind(token) == Kind.BYTE) {
                spelled.write(pieces.byteOf(token));
            } else {
                spelled.writeBytes(symbol(token).replace(Pieces.SPACE, ' ').getBytes(UTF_8));
            }
        }
        return spelled.toString(UTF_8);
    }

    @Override
    public String symbol(int id) {
        return pieces.text(id);
    }

    @Override
    public boolean isWord(int id) {
        String symbol = symbol(id);
        return symbol.length() > 1 && symbol.lastIndexOf(Pieces.SPACE) == 0;
    }

    @Override
    public String part(String text) {
        return "…" + text;
    }

    @Override
    public int size() {
        return pieces.size();
    }
}
