package org.coop4j.pretraindata;

import java.nio.ByteBuffer;
import org.coop4j.base.Sha256;

/** Draws that depend on a text alone: the same on every machine and whatever else is drawn. */
final class Hashes {
    private Hashes() {}

    /** Returns the first eight bytes of the text's SHA-256. */
    static long of(String text) {
        return ByteBuffer.wrap(new Sha256().add(text).bytes()).getLong();
    }

    /** Returns a number in [0, 1), evenly spread over texts. */
    static double fraction(String text) {
        return (of(text) >>> 11) * 0x1.0p-53;
    }

    /** Returns a number in [0, bound), evenly spread over texts. */
    static int below(int bound, String text) {
        return (int) Long.remainderUnsigned(of(text), bound);
    }
}
