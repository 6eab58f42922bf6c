package org.coop4j.clip;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.coop4j.graph.host.Precision;
import org.coop4j.weights.model.ClipConfig;

/**
 * Batches in which neither an image's place nor their size shows in its features.
 *
 * <p>BLAS may add up a row in an order that depends on where it stands in a matrix, and on how many
 * rows that has. OpenBLAS' kernels for AVX-512 do not as long as there are some rows; those for
 * AVX2 take rows by 12. So it is tried, on a tower of few layers: which way of putting images into
 * a full batch gives an image the same bits in every place, and which smaller batches give it the
 * bits that it has there.
 */
final class SameBits {

    /** Blocks of rows in which BLAS libraries may work, the least wasteful first. */
    private static final List<Integer> ALIGNMENTS = List.of(4, 12, 16);

    /** Different images of a trial. */
    private static final int IMAGES = 8;

    private final ImagePlans plans;

    /** In each precision that something of the tower is computed in. */
    private final List<ImagePlans> tried;

    private final Trials trials;
    private float[][] expected; // features in a full batch, null until they are needed

    SameBits(ImagePlans plans, Trials trials) {
        this.plans = plans;
        this.trials = trials;
        // A ResNet's 3x3 convolutions are float32 always, and a difference in their last bits may
        // be lost on one image and not on another where the next product rounds its factors.
        boolean mixed =
                plans.tower() instanceof ClipConfig.ResNet
                        && plans.precision() != Precision.FLOAT32;
        this.tried = mixed ? List.of(plans, plans.in(Precision.FLOAT32)) : List.of(plans);
    }

    /** A way of putting images into batches. */
    @FunctionalInterface
    private interface Arrangement {
        ImageBatches batches(ImagePlans plans, ClipConfig.Vision vision, int images);
    }

    /**
     * A way of filling batches.
     *
     * @param full images of a full batch
     */
    private record Way(int full, Arrangement arrangement) {}

    /** Finds out which way is to be gone, and makes no plan of the whole tower yet. */
    BatchLadder batches() {
        List<Way> ways = ways();
        Way way = ways.get(trials.get("way", ways.size(), () -> firstThatAgrees(ways)));
        return new BatchLadder(
                way.full,
                size -> way.arrangement.batches(plans, plans.tower(), size),
                size -> mayBeUsed(way, size));
    }

    /**
     * A ResNet has a full batch always: what a product of other rows changes in a few of its many
     * pixels is seen in the features of some images alone, which no trial is sure to meet.
     */
    private boolean mayBeUsed(Way way, int size) {
        return plans.tower() instanceof ClipConfig.Vit
                && trials.get("batch-" + size, 2, () -> equalsFullBatch(way, size) ? 1 : 0) == 1;
    }

    /** The least wasteful first; the last is right on every processor. */
    private List<Way> ways() {
        List<Way> ways = new ArrayList<>();
        int full = plans.batch();
        ways.add(new Way(full, ImagePlans::filledUp));
        if (plans.tower() instanceof ClipConfig.Vit) {
            int threads = plans.workers().count();
            int whole = (full + threads - 1) / threads * threads; // images for each thread
            for (int alignment : ALIGNMENTS) {
                ways.add(
                        new Way(
                                whole,
                                (p, vision, images) -> p.aligned(vision, images, alignment)));
            }
        }
        int apart = ImageBatches.Apart.size(plans.workers().count());
        ways.add(
                new Way(
                        apart,
                        (p, vision, images) ->
                                images < apart ? p.together(vision, images) : p.apart(vision)));
        return ways;
    }

    private int firstThatAgrees(List<Way> ways) {
        int last = ways.size() - 1;
        for (int i = 0; i < last; i++) {
            Optional<float[][]> features = trial(ways.get(i).arrangement, ways.get(i).full);
            if (features.isPresent()) {
                expected = features.get();
                return i;
            }
        }
        return last;
    }

    private boolean equalsFullBatch(Way way, int size) {
        if (expected == null) {
            expected = trial(way.arrangement, way.full).orElse(new float[0][]);
        }
        return Arrays.deepEquals(trial(way.arrangement, size).orElse(null), expected);
    }

    /** Features of images side by side; empty if the first has others in some place of a batch. */
    private Optional<float[][]> trial(Arrangement arrangement, int size) {
        float[][] features = new float[IMAGES][0];
        for (ImagePlans p : tried) {
            try (ImageBatches batches = arrangement.batches(p, p.shallow(), size)) {
                float[][] alike = features(batches, new int[size]);
                if (!agree(alike)) {
                    return Optional.empty();
                }
                for (int from = 0; from < IMAGES; from += size) {
                    int to = Math.min(IMAGES, from + size);
                    float[][] some = features(batches, IntStream.range(from, to).toArray());
                    for (int i = from; i < to; i++) {
                        features[i] = joined(features[i], some[i - from]);
                    }
                    if (from == 0 && !Arrays.equals(some[0], alike[0])) {
                        return Optional.empty();
                    }
                }
            }
        }
        return Optional.of(features);
    }

    /** Features of the trial's images of these numbers. */
    private float[][] features(ImageBatches batches, int[] images) {
        int each = 3 * plans.imageSize() * plans.imageSize();
        FloatBuffer pixels = FloatBuffer.allocate(Math.multiplyExact(images.length, each));
        for (int image : images) {
            pixels.put(image(image, each));
        }
        float[][] features = new float[images.length][plans.width()];
        batches.run(pixels, 0, features);
        return features;
    }

    private static float[] joined(float[] a, float[] b) {
        float[] both = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, both, a.length, b.length);
        return both;
    }

    /** Random pixels; those of higher numbers change less often. */
    private static float[] image(int number, int length) {
        SplittableRandom random = new SplittableRandom(number);
        int run = 1 + 5 * number;
        float[] pixels = new float[length];
        for (int i = 0; i < length; i++) {
            pixels[i] = i % run == 0 ? (float) random.nextDouble(-2, 2) : pixels[i - 1];
        }
        return pixels;
    }

    /** Whether all rows are the same to the last bit. */
    static boolean agree(float[][] rows) {
        return Arrays.stream(rows).allMatch(row -> Arrays.equals(row, rows[0]));
    }
}
