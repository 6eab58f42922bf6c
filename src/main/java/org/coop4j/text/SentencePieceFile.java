package org.coop4j.text;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.coop4j.base.InputException.require;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
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
    private static final byte[] ESCAPED_SPACE = String.valueOf(Pieces.SPACE).getBytes(UTF_8);

    private final Pieces pieces = new Pieces();
    private int unknown = -1;
    private int type; // 0 until it is read
    private boolean byteFallback;
    private CharacterMap map; // null until it is read
    private boolean prefix = true;
    private boolean single = true; // extra spaces are removed
    private byte[] space = ESCAPED_SPACE;

    private SentencePieceFile() {}

    /** Reads a file. */
    static Encoding read(byte[] file) throws IOException {
        SentencePieceFile read = new SentencePieceFile();
        Fields fields = new Fields(file, 0, file.length);
        while (fields.next()) {
            switch (fields.number) {
                case 1 -> read.piece(fields.inner());
                case 2 -> read.training(fields.inner());
                case 3 -> read.normalization(fields.inner());
                default -> {}
            }
        }
        return read.encoding();
    }

    private void piece(Fields fields) throws IOException {
        Fields text = null;
        float score = 0;
        int type = 1;
        while (fields.next()) {
            switch (fields.number) {
                case 1 -> text = fields.inner();
                case 2 -> score = Float.intBitsToFloat((int) fields.value);
                case 3 -> type = (int) fields.value;
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

    private void training(Fields fields) throws IOException {
        type = UNIGRAM;
        while (fields.next()) {
            switch (fields.number) {
                case 3 -> type = (int) fields.value;
                case 24 -> require(fields.value == 0, "spaces after words are not supported");
                case 35 -> byteFallback = fields.value != 0;
                default -> {}
            }
        }
    }

    private void normalization(Fields fields) throws IOException {
        map = CharacterMap.of(new byte[0]);
        while (fields.next()) {
            switch (fields.number) {
                case 2 -> {
                    Fields rules = fields.inner();
                    map = CharacterMap.of(Arrays.copyOfRange(rules.bytes, rules.at, rules.end));
                }
                case 3 -> prefix = fields.value != 0;
                case 4 -> single = fields.value != 0;
                case 5 -> space = fields.value != 0 ? ESCAPED_SPACE : new byte[] {' '};
                default -> {}
            }
        }
    }

    private Encoding encoding() throws IOException {
        require(type > 0 && map != null, "it ends before its settings: the file is truncated or another one");
        pieces.index();
        require(unknown >= 0, "no piece for unknown characters");
        int[] bytes = byteFallback ? pieces.byteIds() : new int[0];
        require(Arrays.stream(bytes).allMatch(id -> id >= 0), "a piece of a single byte is missing");
        Unknown ids = new Unknown(unknown, bytes, true);
        require(type == UNIGRAM || type == PAIRS, "expected a model of type unigram or BPE, got type %d", type);
        PieceModel model = type == UNIGRAM ? new Unigram(pieces, ids, true) : new PairMerging(pieces, ids, null);
        return new Encoding(
                pieces,
                (text, all) -> model.split(normalized(text.getBytes(UTF_8)), all),
                Optional.empty(),
                Optional.empty());
    }

    /** Returns a text with its characters mapped, extra spaces removed, and spaces escaped. */
    private byte[] normalized(byte[] text) {
        ByteArrayOutputStream mapped = new ByteArrayOutputStream(text.length + 8);
        for (int at = 0; at < text.length; ) {
            int end = pieces.endOfUserDefined(text, at, text.length);
            if (end < 0) {
                at = map.append(text, at, mapped);
            } else {
                mapped.write(text, at, end - at);
                at = end;
            }
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream(text.length + 8);
        if (prefix && text.length > 0) {
            out.writeBytes(space);
        }
        boolean spaced = single;
        for (byte b : mapped.toByteArray()) {
            if (b != ' ') {
                out.write(b);
            } else if (!spaced) {
                out.writeBytes(space);
            }
            spaced = single && b == ' ';
        }
        byte[] bytes = out.toByteArray();
        int end = bytes.length;
        while (single && end >= space.length && Arrays.equals(bytes, end - space.length, end, space, 0, space.length)) {
            end -= space.length;
        }
        return Arrays.copyOf(bytes, end);
    }

    /** The fields of a message in protocol-buffer wire format. */
    private static final class Fields {
        private final byte[] bytes;
        private final int end;
        private int at;
        private int number;
        private int begin; // of the bytes of a field that has some
        private long value; // of other fields

        Fields(byte[] bytes, int at, int end) {
            this.bytes = bytes;
            this.at = at;
            this.end = end;
        }

        /** Moves to the next field; returns false at the end. */
        boolean next() throws InputException {
            if (at == end) {
                return false;
            }
            long key = varint();
            number = (int) (key >>> 3);
            int kind = (int) key & 7;
            long length =
                    kind == 0 ? 0 : kind == 1 ? Long.BYTES : kind == 5 ? Integer.BYTES : kind == 2 ? varint() : -1;
            value = kind == 0 ? varint() : 0;
            if (length < 0 || length > end - at) {
                throw new InputException(
                        "the field %d at byte %,d goes beyond its end: the file is truncated, damaged or another one"
                                .formatted(number, at));
            }
            begin = at;
            at += (int) length;
            for (int i = at; kind == 5 && i-- > begin; ) {
                value = value << Byte.SIZE | (bytes[i] & 0xFF);
            }
            return true;
        }

        private long varint() throws InputException {
            long read = 0;
            for (int shift = 0; at < end && shift < Long.SIZE; shift += 7) {
                byte next = bytes[at++];
                read |= (long) (next & 0x7F) << shift;
                if (next >= 0) {
                    return read;
                }
            }
            throw new InputException("a number at byte %,d has no end: the file is truncated or damaged".formatted(at));
        }

        Fields inner() {
            return new Fields(bytes, begin, at);
        }
    }
}
