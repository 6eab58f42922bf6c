package org.coop4j.serve;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;

/** Pictures that take much longer to decode than others of their size. */
final class HostilePictures {

    private HostilePictures() {}

    /** Bits of a lossless WebP picture, the lowest first. */
    private static final class Bits {

        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private int last;
        private int count;

        void add(int value, int bits) {
            for (int i = 0; i < bits; i++) {
                last |= (value >> i & 1) << count++;
                if (count == 8) {
                    bytes.write(last);
                    last = 0;
                    count = 0;
                }
            }
        }

        /** A code of two symbols, 0 and 255, or of the symbol 0 alone. */
        void addCode(int symbols) {
            add(1, 1); // listed
            add(symbols - 1, 1);
            add(0, 1); // the first has one bit
            add(0, 1);
            add(255, symbols == 2 ? 8 : 0);
        }
    }

    /** Returns a square WebP picture, lossless and random, of 3 bits per pixel. */
    static byte[] losslessNoise(int side) {
        Bits bits = new Bits();
        bits.add(0x2F, 8);
        bits.add(side - 1, 14);
        bits.add(side - 1, 14);
        bits.add(0, 4); // no alpha, version 0
        bits.add(0, 3); // no transform, no cache of colours, one group of codes
        for (int symbols : new int[] {2, 2, 2, 1, 1}) { // green, red, blue, alpha, distance
            bits.addCode(symbols);
        }
        Random random = new Random(1);
        for (int i = 0; i < side * side; i++) {
            bits.add(random.nextInt(8), 3);
        }
        bits.add(0, 15);
        byte[] data = bits.bytes.toByteArray();
        int even = data.length & -2;
        return ByteBuffer.allocate(20 + even)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put("RIFF".getBytes(US_ASCII))
                .putInt(12 + even)
                .put("WEBPVP8L".getBytes(US_ASCII))
                .putInt(even)
                .put(data, 0, even)
                .array();
    }

    /** Returns a progressive JPEG whose last scan is repeated. */
    static byte[] scanBomb(int side, int repeats) throws IOException {
        BufferedImage image = new BufferedImage(side, side, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < side; i++) {
            image.setRGB(i, i, 0xFFFFFF);
        }
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
        try (ImageOutputStream out = ImageIO.createImageOutputStream(file)) {
            ImageWriteParam progressive = writer.getDefaultWriteParam();
            progressive.setProgressiveMode(ImageWriteParam.MODE_DEFAULT);
            writer.setOutput(out);
            writer.write(null, new IIOImage(image, null, null), progressive);
        } finally {
            writer.dispose();
        }
        byte[] whole = file.toByteArray();
        int end = whole.length - 2;
        int scan = end;
        while (whole[scan] != (byte) 0xFF || whole[scan + 1] != (byte) 0xDA) {
            scan--;
        }
        byte[] last = Arrays.copyOfRange(whole, scan, end);
        ByteArrayOutputStream bomb = new ByteArrayOutputStream();
        bomb.write(whole, 0, end);
        for (int i = 0; i < repeats; i++) {
            bomb.write(last);
        }
        bomb.write(whole, end, 2);
        return bomb.toByteArray();
    }
}
