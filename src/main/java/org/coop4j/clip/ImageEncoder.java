package org.coop4j.clip;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.Arrays;
import org.coop4j.graph.host.HostMatrix;

/**
 * Encodes images with the frozen image tower.
 *
 * <p>A part of the images is read, decoded and resized by all threads, then encoded by all threads,
 * then the next part: the cores are busy all the time and never fight. An image's features do not
 * depend on what else is encoded, unless {@link Batching#FAST} is asked for. Several threads take
 * turns after each part.
 */
public final class ImageEncoder {

    /** Images whose pixels are held at a time, about. */
    private static final int PART = 32;

    private final ModelLock lock;
    private final ImagePlans plans;
    private final Batching batching;
    private ImageBatches batches; // null until it is needed

    ImageEncoder(ModelLock lock, ImagePlans plans, Batching batching) {
        this.lock = lock;
        this.plans = plans;
        this.batching = batching;
    }

    /** What may show in an image's features besides its pixels and the number of threads. */
    public enum Batching {
        /** Nothing: the same bits in any company, place and number of images. */
        SAME_BITS,
        /**
         * In the last bits, the size of its batch and its place in it: a few images are encoded
         * faster, and on some processors all are.
         */
        FAST;

        /** {@link #SAME_BITS}, unless the system property {@code coop.batching} is {@code fast}. */
        public static Batching standard() {
            String property = System.getProperty("coop.batching", "same-bits");
            return switch (property) {
                case "same-bits" -> SAME_BITS;
                case "fast" -> FAST;
                default ->
                        throw new IllegalArgumentException(
                                "expected same-bits or fast for the system property coop.batching,"
                                        + " got \""
                                        + property
                                        + "\"");
            };
        }
    }

    /** Puts one image's normalised pixels [3, side, side] into a buffer. */
    @FunctionalInterface
    public interface PixelSource {

        /**
         * Writes the pixels of image {@code index} from {@code offset} on; called by several
         * threads at once, each for another image.
         *
         * @throws IOException if the image cannot be read or decoded
         */
        void read(int index, FloatBuffer target, int offset) throws IOException;
    }

    /** Takes what comes of each image, in order, on the calling thread. */
    public interface Sink {

        /** Takes the features of image {@code index}, not normalised. */
        void features(int index, float[] features);

        /** Is told that image {@code index} could not be read; the rest goes on. */
        void failed(int index, IOException problem);
    }

    /** Side of the square images that the tower takes. */
    public int imageSize() {
        return plans.imageSize();
    }

    /** Width of a feature. */
    public int width() {
        return plans.width();
    }

    /**
     * Encodes images 0 to {@code count} - 1, a batch at a time.
     *
     * @throws IllegalStateException if the model is closed
     */
    public void encode(int count, PixelSource source, Sink sink) {
        if (count == 0) {
            return;
        }
        ImageBatches batches = lock.hold(this::batches);
        int most = Math.min(count, batches.size() * Math.max(1, PART / batches.size()));
        int pixels = 3 * imageSize() * imageSize();
        try (HostMatrix part = HostMatrix.allocate(most, pixels)) {
            for (int from = 0; from < count; from += most) {
                int first = from;
                int n = Math.min(most, count - from);
                IOException[] problems = new IOException[n];
                float[][] features = new float[n][width()];
                lock.hold(
                        () -> {
                            read(first, pixels, source, part.buffer(), problems);
                            encodePart(batches, part.buffer(), features);
                            return null;
                        });
                deliver(first, features, problems, sink);
            }
        }
    }

    private void read(
            int from, int pixels, PixelSource source, FloatBuffer part, IOException[] problems) {
        plans.workers()
                .each(
                        problems.length,
                        (worker, i) -> {
                            try {
                                source.read(from + i, part, i * pixels);
                            } catch (IOException e) {
                                problems[i] = e;
                            }
                        });
    }

    private static void encodePart(ImageBatches batches, FloatBuffer part, float[][] features) {
        for (int done = 0; done < features.length; done += batches.size()) {
            int end = Math.min(features.length, done + batches.size());
            batches.run(part, done, Arrays.copyOfRange(features, done, end));
        }
    }

    private static void deliver(int first, float[][] features, IOException[] problems, Sink sink) {
        for (int i = 0; i < problems.length; i++) {
            if (problems[i] == null) {
                sink.features(first + i, features[i]);
            } else {
                sink.failed(first + i, problems[i]);
            }
        }
    }

    ImagePlans plans() {
        return plans;
    }

    private ImageBatches batches() {
        if (batches == null) {
            batches =
                    switch (batching) {
                        case SAME_BITS -> new SameBits(plans, Trials.of(plans)).batches();
                        case FAST ->
                                new BatchLadder(
                                        plans.batch(),
                                        size -> plans.together(plans.tower(), size),
                                        size -> true);
                    };
        }
        return batches;
    }

    /** Frees the plans; the lock keeps others from them. */
    void close() {
        if (batches != null) {
            batches.close();
        }
    }
}
