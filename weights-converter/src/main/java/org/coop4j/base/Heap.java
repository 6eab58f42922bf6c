package org.coop4j.base;

import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;

/** Large arrays on Java's heap. One that does not fit is refused, and the message names a heap size that is enough. */
public final class Heap {

    private Heap() {}

    /**
     * Returns zeros, [rows, width].
     *
     * @throws RefusedException if they do not fit
     */
    public static float[] floats(int rows, int width) {
        return new float[length(rows, width, Float.BYTES)];
    }

    /**
     * Returns the length of an array [rows, width].
     *
     * @param bytes per number
     * @throws RefusedException if it does not fit
     */
    public static int length(int rows, int width, int bytes) {
        long length = (long) rows * width;
        if (length > Integer.MAX_VALUE - 8) {
            throw new RefusedException(
                    "%,d x %,d numbers do not fit into a Java array: use fewer images".formatted(rows, width));
        }
        require(length * bytes);
        return (int) length;
    }

    /**
     * Checks that there is room for this many bytes, after a garbage collection if need be.
     *
     * @throws RefusedException if there is not
     */
    public static void require(long bytes) {
        long most = Runtime.getRuntime().maxMemory();
        if (bytes > most / 16 && bytes > free()) { // smaller arrays are not worth the check
            System.gc();
            long free = free();
            if (bytes > free) {
                throw new RefusedException(
                        ("%,d MB of memory are needed at once, and %,d MB are free: use fewer images, or set"
                                        + " JAVA_TOOL_OPTIONS=-Xmx%dm")
                                .formatted(bytes >> 20, free >> 20, (most + 2 * bytes) >> 20));
            }
        }
    }

    /** Returns the free bytes of the generation that has the most, since an array lies in one generation. */
    private static long free() {
        return ManagementFactory.getMemoryPoolMXBeans().stream()
                .filter(pool -> pool.getType() == MemoryType.HEAP)
                .map(MemoryPoolMXBean::getUsage)
                .mapToLong(usage -> usage.getMax() - usage.getUsed())
                .max()
                .orElse(0);
    }
}
