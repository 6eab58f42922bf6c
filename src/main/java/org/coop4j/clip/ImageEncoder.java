package org.coop4j.clip;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.coop4j.clip.ImageBatches.Apart;
import org.coop4j.clip.ImageBatches.Together;
import org.coop4j.graph.ExecutionPlan;
import org.coop4j.graph.Graph;
import org.coop4j.graph.host.ComputeForm;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.weights.model.ClipConfig;
import org.coop4j.weights.model.MlpActivation;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Encodes images with the frozen image tower.
 *
 * <p>A part of the images is read, decoded and resized by all threads, then encoded by all threads,
 * then the next part: the cores are busy all the time and never fight. The tower runs on a few
 * images at once, as many as stay in the second-level cache. An image's features do not depend on
 * what else is encoded, unless {@link Batching#FAST} is asked for. Several threads take turns after
 * each part.
 */
public final class ImageEncoder {

    /** Images whose pixels are held at a time, about. */
    private static final int PART = 32;

    /** Packed rows of a ViT's batch. */
    private static final int ROWS_PER_BATCH = 800;

    /** Blocks of rows in which BLAS libraries may work, the least wasteful first. */
    private static final List<Integer> ALIGNMENTS = List.of(1, 4, 12, 16);

    private static final List<Integer> UNALIGNED = List.of(1);

    private final ModelLock lock;
    private final NativeWeights weights;
    private final ClipConfig architecture;
    private final MlpActivation activation;
    private final Workers workers;
    private final Precision precision;
    private final Batching batching;
    private final FeatureKind kind;
    private final Map<Integer, ImageBatches> fast = new HashMap<>();
    private ImageBatches sameBits;

    ImageEncoder(
            ModelLock lock,
            NativeWeights weights,
            ClipConfig architecture,
            MlpActivation activation,
            Workers workers,
            Precision precision,
            Batching batching,
            FeatureKind kind) {
        this.lock = lock;
        this.weights = weights;
        this.architecture = architecture;
        this.activation = activation;
        this.workers = workers;
        this.precision = precision;
        this.batching = batching;
        this.kind = kind;
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
        return architecture.vision().imageSize();
    }

    /** Width of a feature. */
    public int width() {
        return kind == FeatureKind.EMBEDDED
                ? architecture.embedDim()
                : VisualProjection.width(architecture.vision());
    }

    /**
     * Encodes images 0 to {@code count} - 1, {@link #batch} at a time.
     *
     * @throws IllegalStateException if the model is closed
     */
    public void encode(int count, PixelSource source, Sink sink) {
        if (count == 0) {
            return;
        }
        ImageBatches batches = lock.hold(() -> batches(count));
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
        workers.each(
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

    /** Images that take as long as one. */
    public int batch() {
        ClipConfig.Vision vision = architecture.vision();
        if (vision instanceof ClipConfig.Vit vit) {
            return Math.max(1, ROWS_PER_BATCH / vit.tokens());
        }
        return 4;
    }

    private ImageBatches batches(int count) {
        if (batching == Batching.FAST) {
            int size = Math.min(count, batch());
            return fast.computeIfAbsent(size, n -> new Together(plan(n), n));
        }
        if (sameBits == null) {
            sameBits = sameBits();
        }
        return sameBits;
    }

    /**
     * Batches in which a place does not show: BLAS may add up a row in an order that depends on
     * where it stands in a matrix. OpenBLAS' kernels for AVX-512 do not, those for AVX2 take rows
     * by 12. This is tried on a tower of few layers, which has all shapes of products that there
     * are.
     */
    private ImageBatches sameBits() {
        ClipConfig.Vision vision = architecture.vision();
        for (int alignment : vision instanceof ClipConfig.Vit ? ALIGNMENTS : UNALIGNED) {
            try (Together tried = together(shallow(vision), alignment)) {
                if (tried.placesAgree()) {
                    return together(vision, alignment);
                }
            }
        }
        return apart();
    }

    /** Aligned images are as many as give each thread whole ones. */
    Together together(ClipConfig.Vision vision, int alignment) {
        if (alignment == 1) {
            return new Together(plan(batch(), vision, workers), batch());
        }
        int threads = workers.count();
        int batch = (batch() + threads - 1) / threads * threads;
        Graph graph = Graph.create().in(precision);
        SDVariable features =
                new AlignedVisionTransformer(
                                weights, (ClipConfig.Vit) vision, activation, alignment)
                        .forward(graph, images(graph, batch), batch, kind);
        return new Together(plan(graph, features, workers), batch);
    }

    private static ClipConfig.Vision shallow(ClipConfig.Vision vision) {
        if (vision instanceof ClipConfig.Vit v) {
            int layers = Math.min(2, v.layers());
            return new ClipConfig.Vit(
                    v.imageSize(), v.patchSize(), v.width(), layers, v.heads(), v.mlpWidth());
        }
        if (vision instanceof ClipConfig.ResNet r) {
            List<Integer> layers = r.layers().stream().map(n -> Math.min(2, n)).toList();
            return new ClipConfig.ResNet(r.imageSize(), layers, r.width(), r.heads());
        }
        return vision;
    }

    /** A plan for each thread, or one where a device has the threads. */
    ImageBatches apart() {
        if (ComputeForm.current() == ComputeForm.PORTABLE) {
            return new Apart(List.of(plan(1)), workers);
        }
        return new Apart(
                Stream.generate(() -> plan(1, architecture.vision(), new Workers(1)))
                        .limit(workers.count())
                        .toList(),
                workers);
    }

    /** The tower's plan for {@code batch} images: "images" [batch, 3, side, side] → "features". */
    ExecutionPlan plan(int batch) {
        return plan(batch, architecture.vision(), workers);
    }

    private ExecutionPlan plan(int batch, ClipConfig.Vision vision, Workers threads) {
        Graph graph = Graph.create().in(precision);
        FrozenParameters parameters = new FrozenParameters(graph, weights);
        SDVariable images = images(graph, batch);
        SDVariable features =
                kind == FeatureKind.EMBEDDED
                        ? ImageTower.features(parameters, vision, activation, images, batch)
                        : ImageTower.rows(parameters, vision, activation, images, batch);
        return plan(graph, features, threads);
    }

    private SDVariable images(Graph graph, int batch) {
        return graph.placeholder("images", DataType.FLOAT, batch, 3, imageSize(), imageSize());
    }

    private static ExecutionPlan plan(Graph graph, SDVariable features, Workers threads) {
        features.rename("features");
        return graph.plan(List.of("features"), threads);
    }

    /** Frees the plans; the lock keeps others from them. */
    void close() {
        fast.values().forEach(ImageBatches::close);
        if (sameBits != null) {
            sameBits.close();
        }
    }
}
