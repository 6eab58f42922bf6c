package org.coop4j.data;

import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import org.coop4j.base.Sha256;

/**
 * Streams of random numbers, one for each purpose, that depend only on the run's seed and the purpose's name.
 *
 * <p>Draws for one purpose never change those for another, and the stream of an epoch or an image can be recreated
 * without the earlier ones, so that a resumed run needs no generator state.
 */
public final class RandomStream {

    private RandomStream() {}

    /**
     * Returns the stream of a purpose.
     *
     * @param seed the run's seed
     * @param purpose name of the purpose, with an epoch or an image's hash if there are many: "batch order 7"
     */
    public static SplittableRandom of(long seed, String purpose) {
        byte[] hash = new Sha256().add(seed + "/" + purpose).bytes();
        return new SplittableRandom(ByteBuffer.wrap(hash).getLong());
    }
}
