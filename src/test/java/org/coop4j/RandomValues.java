package org.coop4j;

import java.util.Random;

/** Numbers of the normal distribution, by a seed. */
public final class RandomValues {
    private RandomValues() {}

    public static float[] gaussian(long seed, int count) {
        return gaussian(seed, count, 1);
    }

    public static float[] gaussian(long seed, int count, double deviation) {
        Random random = new Random(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) (deviation * random.nextGaussian());
        }
        return values;
    }
}
