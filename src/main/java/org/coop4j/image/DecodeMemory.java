package org.coop4j.image;

import java.util.concurrent.Semaphore;
import org.coop4j.image.ImageDecoder.ImageException;

/**
 * The heap memory for images being read, decoded and used: an image that needs more than all of it is refused, others
 * wait until enough is free.
 *
 * <p>Files and pixels are counted separately and in this order, so that two images never wait for each other.
 */
final class DecodeMemory {

    /** Bytes per unit, so that a count fits into an int. */
    private static final int UNIT = 1 << 12;

    private final int fileUnits;
    private final int pixelUnits;
    private final Semaphore files;
    private final Semaphore pixels;

    /**
     * @param fileBytes for the contents of files
     * @param pixelBytes for the decoded pictures
     */
    DecodeMemory(long fileBytes, long pixelBytes) {
        fileUnits = (int) Math.min(Integer.MAX_VALUE, fileBytes / UNIT);
        pixelUnits = (int) Math.min(Integer.MAX_VALUE, pixelBytes / UNIT);
        files = new Semaphore(fileUnits, true);
        pixels = new Semaphore(pixelUnits, true);
    }

    /** Returns an eighth of the heap's limit for files and a quarter for pixels. */
    static DecodeMemory standard() {
        long heap = Runtime.getRuntime().maxMemory();
        return new DecodeMemory(heap / 8, heap / 4);
    }

    /** The part of the memory that one image takes, until it is closed. */
    final class Share implements AutoCloseable {
        private int file;
        private int decoded;

        /**
         * Takes memory for a file's content; called once, before {@link #takeDecoded}.
         *
         * @param image its name, for messages
         */
        void takeFile(long bytes, String image) throws ImageException {
            file = units(bytes, fileUnits, "for its file", image);
            files.acquireUninterruptibly(file);
        }

        /** Takes memory for decoding; called once. */
        void takeDecoded(long bytes, String image) throws ImageException {
            if (decoded > 0) {
                throw new IllegalStateException("an image takes memory for decoding once");
            }
            decoded = units(bytes, pixelUnits, "to decode", image);
            pixels.acquireUninterruptibly(decoded);
        }

        private static int units(long bytes, int all, String purpose, String image) throws ImageException {
            long most = (long) all * UNIT;
            if (bytes > most) {
                throw new ImageException(
                        "image %s needs %,d MB of memory %s".formatted(image, bytes >> 20, purpose),
                        ", and %,d MB is the most for a picture: make it smaller, or give Java a larger heap (-Xmx)"
                                .formatted(most >> 20));
            }
            return (int) Math.min(all, (bytes + UNIT - 1) / UNIT);
        }

        @Override
        public void close() {
            files.release(file);
            pixels.release(decoded);
            file = 0;
            decoded = 0;
        }
    }
}
