package org.coop4j.data.bank;

import java.nio.ByteBuffer;
import org.coop4j.base.Sha256;

/**
 * Which view of which image content: the first 16 bytes of a SHA-256.
 *
 * @param high the first eight bytes
 * @param low the second eight bytes
 */
record ViewKey(long high, long low) {

    static final int BYTES = 16;

    static ViewKey of(String contentHash, int view) {
        return read(ByteBuffer.wrap(new Sha256().add(contentHash + "/" + view).bytes()), 0);
    }

    static ViewKey read(ByteBuffer from, int offset) {
        return new ViewKey(from.getLong(offset), from.getLong(offset + Long.BYTES));
    }

    void write(ByteBuffer to, int offset) {
        to.putLong(offset, high).putLong(offset + Long.BYTES, low);
    }
}
