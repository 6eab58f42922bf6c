package org.coop4j.data;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.SplittableRandom;

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
        byte[] digest = sha256().digest((seed + "/" + purpose).getBytes(StandardCharsets.UTF_8));
        long state = 0;
        for (int i = 0; i < Long.BYTES; i++) {
            state = (state << 8) | (digest[i] & 0xff);
        }
        return new SplittableRandom(state);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
