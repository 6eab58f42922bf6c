package org.coop4j.clip;

import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.function.IntPredicate;

/**
 * Plans for 1, 2, 4 … images and for a full batch: some images are encoded by the smallest that
 * takes them. A plan is made when it is first needed.
 */
final class BatchLadder implements ImageBatches {

    private final int full;
    private final IntFunction<ImageBatches> make;
    private final IntPredicate usable;
    private final Map<Integer, Optional<ImageBatches>> bySize = new HashMap<>();

    /**
     * @param full images of a full batch
     * @param make makes the plan for a number of images
     * @param usable which numbers below the full one may have a plan; asked once
     */
    BatchLadder(int full, IntFunction<ImageBatches> make, IntPredicate usable) {
        this.full = full;
        this.make = make;
        this.usable = usable;
    }

    @Override
    public int size() {
        return full;
    }

    @Override
    public void run(FloatBuffer pixels, int from, float[][] features) {
        for (int size = smallest(features.length); size < full; size *= 2) {
            Optional<ImageBatches> batches = bySize.computeIfAbsent(size, this::ifUsable);
            if (batches.isPresent()) {
                batches.get().run(pixels, from, features);
                return;
            }
        }
        bySize.computeIfAbsent(full, size -> Optional.of(make.apply(size)))
                .orElseThrow()
                .run(pixels, from, features);
    }

    /** The power of two that is {@code images} or more. */
    private static int smallest(int images) {
        int highest = Integer.highestOneBit(images);
        return highest == images ? images : 2 * highest;
    }

    private Optional<ImageBatches> ifUsable(int size) {
        return usable.test(size) ? Optional.of(make.apply(size)) : Optional.empty();
    }

    @Override
    public void close() {
        bySize.values().forEach(batches -> batches.ifPresent(ImageBatches::close));
    }
}
