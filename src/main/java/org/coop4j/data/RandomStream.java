package org.coop4j.data;

import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import org.coop4j.base.Sha256;

/**
 * Streams of random numbers, one for each purpose, that depend on nothing but the run's seed and
 * the purpose's name.
 *
 * <p>What one purpose draws never moves another's numbers, and the stream of an epoch or of an
 * image can be made again without the ones before it, so that a resumed run needs no generator
 * state.
 */
public final class RandomStream {

    private RandomStream() {}

    /**
     * The stream of a purpose.
     *
     * @param seed the run's seed
     * @param purpose what the numbers are for, with an epoch or an image's hash where there are
     *     many: "batch order 7"
     */
    public static SplittableRandom of(long seed, String purpose) {
        byte[] hash = new Sha256().add(seed + "/" + purpose).bytes();
        return new SplittableRandom(ByteBuffer.wrap(hash).getLong());
    }
}
