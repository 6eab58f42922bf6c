package org.coop4j.image;

import java.util.concurrent.Semaphore;

/**
 * The heap memory that images may take while they are read, decoded and used: one that needs more
 * than all of it is refused, and others wait until there is enough of it.
 *
 * <p>Files and pixels are counted apart and in this order, so that two images never wait for each
 * other.
 */
final class DecodeMemory {

    /** What is counted at once, so that a count fits into an int. */
    private static final int UNIT = 1 << 12;

    private final Budget files;
    private final Budget pixels;

    /**
     * @param fileBytes for the contents of files
     * @param pixelBytes for what is made of them
     */
    DecodeMemory(long fileBytes, long pixelBytes) {
        this.files = new Budget(fileBytes);
        this.pixels = new Budget(pixelBytes);
    }

    /** An eighth of the heap's limit for files and a quarter for pixels. */
    static DecodeMemory standard() {
        long heap = Runtime.getRuntime().maxMemory();
        return new DecodeMemory(heap / 8, heap / 4);
    }

    private static final class Budget {
        private final int units;
        private final Semaphore free;

        Budget(long bytes) {
            units = (int) Math.min(Integer.MAX_VALUE, bytes / UNIT);
            free = new Semaphore(units, true);
        }

        long bytes() {
            return (long) units * UNIT;
        }

        /** Waits for the bytes and returns the units that they take. */
        int take(long bytes, String what, ImageSource image) throws ImageException {
            if (bytes > bytes()) {
                throw image.error(
                        "needs %,d MB of memory %s, and %,d MB is what a picture may take: make it smaller, or give Java a larger heap (-Xmx)"
                                .formatted(bytes >> 20, what, bytes() >> 20));
            }
            int taken = (int) ((bytes + UNIT - 1) / UNIT);
            free.acquireUninterruptibly(Math.min(taken, units));
            return Math.min(taken, units);
        }
    }

    /** What one image takes of the memory, until it is closed. */
    final class Share implements AutoCloseable {
        private int file;
        private int decoded;

        /** Takes memory for a file's content; once, before {@link #takeDecoded}. */
        void takeFile(long bytes, ImageSource image) throws ImageException {
            file = files.take(bytes, "for its file", image);
        }

        /** Takes memory for decoding; once. */
        void takeDecoded(long bytes, ImageSource image) throws ImageException {
            if (decoded > 0) {
                throw new IllegalStateException("an image that waits for memory holds some");
            }
            decoded = pixels.take(bytes, "to decode", image);
        }

        @Override
        public void close() {
            files.free.release(file);
            pixels.free.release(decoded);
            file = 0;
            decoded = 0;
        }
    }
}
