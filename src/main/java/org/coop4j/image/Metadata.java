package org.coop4j.image;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.Set;
import javax.imageio.stream.ImageInputStream;

/**
 * Blocks of metadata inside JPEG, PNG, TIFF and WebP files, found in one pass without reading anything else.
 *
 * <p>Files may come from strangers: a pass ends after {@value #MOST_PARTS} parts, more than any camera writes.
 */
final class Metadata {

    /** The first bytes of Exif in a JPEG file, and in some others. */
    private static final String EXIF = "Exif\0\0";

    private static final int MOST_PARTS = 100_000;
    private static final int APP1 = 0xE1;
    private static final int APP13 = 0xED;
    private static final int SOS = 0xDA;
    private static final int EOI = 0xD9;
    private static final int FIRST_MARKER = 0xC0;

    /** The kinds of blocks, with the characters that they begin with in a JPEG or PNG file. */
    enum Block {
        /** TIFF data: Exif, or a whole TIFF file. */
        FIELDS(EXIF),
        /** A packet of XMP. */
        XMP("http://ns.adobe.com/xap/1.0/\0"),
        /** A packet of XMP in an iTXt chunk of a PNG file, after its keyword. */
        XMP_CHUNK("XML:com.adobe.xmp\0"),
        /** A part of Photoshop's resources, which other parts continue. */
        PHOTOSHOP("Photoshop 3.0\0");

        private final String start;

        Block(String start) {
            this.start = start;
        }
    }

    /** Receives blocks. */
    @FunctionalInterface
    interface Blocks {

        /**
         * Receives a block.
         *
         * @param at position of its first byte in the stream
         * @param length number of its bytes, as the file states it
         * @return false to end the pass
         */
        boolean accept(Block block, long at, long length) throws IOException;
    }

    /** Receives fields of TIFF data. */
    @FunctionalInterface
    interface Fields {

        /**
         * Receives a field; the stream has the byte order of the data.
         *
         * @param type TIFF's number of the type: 1 for bytes, 3 for SHORT, 4 for LONG
         * @param at position of the four bytes of the entry that hold the value or its offset
         * @return false to end the pass
         */
        boolean accept(int tag, int type, long count, long at) throws IOException;
    }

    private Metadata() {}

    /** Finds the blocks of a file, as far as it reaches: the first of each kind, and all parts of Photoshop's. */
    static void blocks(ImageInputStream in, Blocks use) throws IOException {
        Set<Block> found = EnumSet.noneOf(Block.class);
        Blocks blocks =
                (block, at, length) -> (!found.add(block) && block != Block.PHOTOSHOP) || use.accept(block, at, length);
        in.setByteOrder(ByteOrder.BIG_ENDIAN);
        in.seek(0);
        byte[] start = new byte[12];
        try {
            in.readFully(start);
            switch (ImageForm.of(start).orElse(ImageForm.BMP)) {
                case JPEG -> ofJpeg(in, blocks);
                case PNG -> ofChunks(in, true, blocks);
                case WEBP -> ofChunks(in, false, blocks);
                case TIFF -> blocks.accept(Block.FIELDS, 0, in.length());
                case GIF, BMP -> {}
            }
        } catch (EOFException e) {
            return; // a WebP file has no last chunk
        }
    }

    private static void ofJpeg(ImageInputStream in, Blocks blocks) throws IOException {
        in.seek(2);
        for (int part = 0; part < MOST_PARTS; part++) {
            int marker = in.readUnsignedShort();
            for (; marker == 0xFFFF && part < MOST_PARTS; part++) { // bytes to fill up
                marker = 0xFF00 | in.readUnsignedByte();
            }
            int kind = marker & 0xFF;
            if (marker >> 8 != 0xFF || kind < FIRST_MARKER || kind == SOS || kind == EOI) {
                return;
            }
            int length = Math.max(0, in.readUnsignedShort() - 2);
            long start = in.getStreamPosition();
            for (Block block : Block.values()) {
                if ((kind == APP1 || kind == APP13)
                        && startsWith(in, start, length, block.start)
                        && !blocks.accept(block, start + block.start.length(), length - block.start.length())) {
                    return;
                }
            }
            in.seek(start + length);
        }
    }

    /** Finds blocks among the chunks of a PNG or WebP file. */
    private static void ofChunks(ImageInputStream in, boolean png, Blocks blocks) throws IOException {
        long at = png ? 8 : 12;
        for (int part = 0; part < MOST_PARTS; part++) {
            in.seek(at);
            in.setByteOrder(png ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
            long length = png ? in.readUnsignedInt() : 0;
            String type = characters(in, 4);
            length = png ? length : in.readUnsignedInt();
            long start = in.getStreamPosition();
            Block block =
                    switch (type) {
                        case "eXIf", "EXIF" -> Block.FIELDS;
                        case "XMP " -> Block.XMP;
                        case "iTXt" -> Block.XMP_CHUNK;
                        default -> null;
                    };
            boolean begins = block != null && startsWith(in, start, length, block.start);
            int own = begins ? block.start.length() : 0;
            boolean named = block == Block.XMP_CHUNK && !begins; // another text
            if (type.equals("IEND") || (block != null && !named && !blocks.accept(block, start + own, length - own))) {
                return;
            }
            at = start + length + (png ? 4 : length & 1); // past a checksum, or to an even offset
        }
    }

    private static boolean startsWith(ImageInputStream in, long at, long length, String wanted) throws IOException {
        in.seek(at);
        return length >= wanted.length() && characters(in, wanted.length()).equals(wanted);
    }

    private static String characters(ImageInputStream in, int count) throws IOException {
        byte[] bytes = new byte[count];
        in.readFully(bytes);
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    /**
     * Finds the fields in the first directory of TIFF data.
     *
     * @param start position of the data in the stream
     * @throws IOException if the file ends too early
     */
    static void fields(ImageInputStream in, long start, Fields fields) throws IOException {
        in.seek(start);
        boolean little = characters(in, 2).equals("II");
        in.setByteOrder(little ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
        if (in.readUnsignedShort() != 42) {
            return;
        }
        in.seek(start + in.readUnsignedInt());
        int entries = in.readUnsignedShort();
        long at = in.getStreamPosition();
        for (int i = 0; i < entries; i++, at += 12) {
            in.seek(at);
            int tag = in.readUnsignedShort();
            int type = in.readUnsignedShort();
            if (!fields.accept(tag, type, in.readUnsignedInt(), at + 8)) {
                return;
            }
        }
    }
}
