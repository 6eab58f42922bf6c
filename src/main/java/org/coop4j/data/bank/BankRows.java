package org.coop4j.data.bank;

import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;

/**
 * The records of a bank's file, as many as there were when they were mapped, read through a memory
 * map that outlives the file's closing. Whole records never change, so that any thread may read.
 */
final class BankRows {

    private static final long SEGMENT_BYTES = 1L << 28;

    private final int width;
    private final int recordFloats;
    private final int recordsPerSegment;
    private final FloatBuffer[] segments;

    private BankRows(int width, int recordBytes, int recordsPerSegment, FloatBuffer[] segments) {
        this.width = width;
        this.recordFloats = recordBytes / Float.BYTES;
        this.recordsPerSegment = recordsPerSegment;
        this.segments = segments;
    }

    /** Maps the first {@code count} records. */
    static BankRows map(FileChannel channel, int width, int recordBytes, int count)
            throws IOException {
        int each = Math.max(1, (int) (SEGMENT_BYTES / recordBytes));
        FloatBuffer[] segments = new FloatBuffer[(count + each - 1) / each];
        for (int i = 0; i < segments.length; i++) {
            int first = i * each;
            segments[i] =
                    channel.map(
                                    FileChannel.MapMode.READ_ONLY,
                                    BankKey.HEADER_BYTES + (long) first * recordBytes,
                                    (long) Math.min(each, count - first) * recordBytes)
                            .order(ByteOrder.LITTLE_ENDIAN)
                            .asFloatBuffer();
        }
        return new BankRows(width, recordBytes, each, segments);
    }

    /** Copies the features of a record to {@code target} from {@code offset} on. */
    void copy(int record, float[] target, int offset) {
        int at = record % recordsPerSegment * recordFloats + ViewKey.BYTES / Float.BYTES;
        segments[record / recordsPerSegment].get(at, target, offset, width);
    }
}
