package org.coop4j.text;

import static org.coop4j.base.InputException.require;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.coop4j.base.InputException;
import org.coop4j.text.PieceCodec.Encoding;
import org.coop4j.text.PieceModel.Unknown;
import org.coop4j.text.Pieces.Kind;

/**
 * A vocabulary in SentencePiece's own file, such as {@code spiece.model}: a protocol-buffer message of pieces, how they
 * were trained, and how text is normalised.
 */
final class SentencePieceFile {
    private static final List<Kind> KINDS = List.of(Kind.values());
    private static final int UNIGRAM = 1;
    private static final int PAIRS = 2;
    private static final byte[] ESCAPED_SPACE = String.valueOf(Pieces.SPACE).getBytes(StandardCharsets.UTF_8);

    private final Pieces pieces = new Pieces();
    private int unknown = -1;
    private int type = UNIGRAM;
    private boolean byteFallback;
    private CharacterMap map;
    private boolean prefix = true;
    private boolean single = true; // extra spaces are removed
    private byte[] space = ESCAPED_SPACE;

    private SentencePieceFile() throws IOException {
        map = CharacterMap.of(new byte[0]);
    }

    /** Reads a file. */
    static Encoding read(byte[] file) throws IOException {
        SentencePieceFile read = new SentencePieceFile();
        Message message = new Message(file, 0, file.length);
        while (message.next()) {
            switch (message.field) {
                case 1 -> read.piece(message.inner());
                case 2 -> read.training(message.inner());
                case 3 -> read.normalization(message.inner());
                default -> {}
            }
        }
        return read.encoding();
    }

    private void piece(Message message) throws IOException {
        Message text = null;
        float score = 0;
        int type = 1;
        while (message.next()) {
            switch (message.field) {
                case 1 -> text = message.inner();
                case 2 -> score = message.number();
                case 3 -> type = message.whole();
                default -> {}
            }
        }
        int id = pieces.size();
        require(text != null, "piece %d has no text", id);
        require(type >= 1 && type <= KINDS.size(), "piece %d: unknown type %d", id, type);
        Kind kind = KINDS.get(type - 1);
        pieces.add(text.bytes, text.at, text.end, score, kind);
        unknown = kind == Kind.UNKNOWN ? id : unknown;
    }

    private void training(Message message) throws IOException {
        while (message.next()) {
            switch (message.field) {
                case 3 -> type = message.whole();
                case 24 -> require(message.whole() == 0, "spaces after words are not supported");
                case 35 -> byteFallback = message.whole() != 0;
                default -> {}
            }
        }
    }

    private void normalization(Message message) throws IOException {
        while (message.next()) {
            switch (message.field) {
                case 2 -> {
                    Message rules = message.inner();
                    map = CharacterMap.of(Arrays.copyOfRange(rules.bytes, rules.at, rules.end));
                }
                case 3 -> prefix = message.whole() != 0;
                case 4 -> single = message.whole() != 0;
                case 5 -> space = message.whole() != 0 ? ESCAPED_SPACE : new byte[] {' '};
                default -> {}
            }
        }
    }

    private Encoding encoding() throws IOException {
        pieces.index();
        require(unknown >= 0, "no piece for unknown characters");
        int[] bytes = byteFallback ? pieces.byteIds() : new int[0];
        require(Arrays.stream(bytes).allMatch(id -> id >= 0), "a piece of a single byte is missing");
        Unknown ids = new Unknown(unknown, bytes, true);
        require(type == UNIGRAM || type == PAIRS, "expected a model of type unigram or BPE, got type %d", type);
        PieceModel model = type == UNIGRAM ? new Unigram(pieces, ids, true) : new PairMerging(pieces, ids, null);
        return new Encoding(
                pieces,
                (text, all) -> model.split(normalized(text.getBytes(StandardCharsets.UTF_8)), all),
                Optional.empty(),
                Optional.empty());
    }

    /** Returns a text with its characters mapped, extra spaces removed, and spaces escaped. */
    private byte[] normalized(byte[] text) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(text.length + 8);
        ByteArrayOutputStream part = new ByteArrayOutputStream();
        int at = 0;
        while (single && at < text.length) {
            int next = next(text, at, part);
            if (part.size() != 1 || part.toByteArray()[0] != ' ') {
                break;
            }
            at = next;
        }
        if (at == text.length) {
            return new byte[0];
        }
        if (prefix) {
            out.writeBytes(space);
        }
        boolean spaced = single;
        while (at < text.length) {
            at = next(text, at, part);
            byte[] mapped = part.toByteArray();
            for (byte b : mapped) {
                if (b != ' ') {
                    out.write(b);
                } else if (!spaced) {
                    out.writeBytes(space);
                }
                spaced = spaced && b == ' ';
            }
            spaced = mapped.length == 0 ? spaced : single && mapped[mapped.length - 1] == ' ';
        }
        byte[] bytes = out.toByteArray();
        int length = bytes.length;
        while (single && length >= space.length && endsInSpace(bytes, length)) {
            length -= space.length;
        }
        return Arrays.copyOf(bytes, length);
    }

    private boolean endsInSpace(byte[] bytes, int length) {
        return Arrays.equals(bytes, length - space.length, length, space, 0, space.length);
    }

    /** Puts the next part of a text in place of another; returns its end. */
    private int next(byte[] text, int at, ByteArrayOutputStream part) {
        part.reset();
        int end = pieces.endOfUserDefined(text, at, text.length);
        if (end < 0) {
            return map.append(text, at, part);
        }
        part.write(text, at, end - at);
        return end;
    }

    /** A message in protocol-buffer wire format, read field by field. */
    private static final class Message {
        private final byte[] bytes;
        private final int end;
        private int at;
        private int field;
        private int begin; // of the field's value
        private long value; // a whole number, or the length of bytes
        private int kind;

        Message(byte[] bytes, int at, int end) {
            this.bytes = bytes;
            this.at = at;
            this.end = end;
        }

        /** Reads a field; returns false at the end. */
        boolean next() throws InputException {
            if (at == end) {
                return false;
            }
            long key = varint();
            field = (int) Math.min(key >>> 3, Integer.MAX_VALUE);
            kind = (int) key & 7;
            value = switch (kind) {
                case 0 -> varint();
                case 1 -> Long.BYTES;
                case 2 -> varint();
                case 5 -> Integer.BYTES;
                default ->
                    throw new InputException("field %d of the unknown kind %d at byte %,d".formatted(field, kind, at));
            };
            begin = at;
            if (kind != 0) {
                require(
                        value >= 0 && value <= end - at,
                        "field %d of %,d bytes at byte %,d goes beyond its end: the file is truncated or damaged",
                        field,
                        value,
                        at);
                at += (int) value;
            }
            return true;
        }

        private long varint() throws InputException {
            long number = 0;
            for (int shift = 0; shift < Long.SIZE; shift += 7) {
                require(at < end, "a number at byte %,d has no end: the file is truncated or damaged", at);
                byte next = bytes[at++];
                number |= (long) (next & 0x7F) << shift;
                if (next >= 0) {
                    return number;
                }
            }
            throw new InputException("a number at byte %,d is too long".formatted(at));
        }

        private void require(boolean condition, String message, Object... values) throws InputException {
            InputException.require(condition, message, values);
        }

        Message inner() throws InputException {
            requireKind(2);
            return new Message(bytes, begin, begin + (int) value);
        }

        int whole() throws InputException {
            requireKind(0);
            return (int) value;
        }

        float number() throws InputException {
            requireKind(5);
            return ByteBuffer.wrap(bytes, begin, Float.BYTES)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .getFloat();
        }

        private void requireKind(int expected) throws InputException {
            require(kind == expected, "field %d at byte %,d: expected kind %d, got %d", field, begin, expected, kind);
        }
    }
}
