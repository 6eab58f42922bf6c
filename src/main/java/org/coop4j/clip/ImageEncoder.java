package org.coop4j.clip;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.coop4j.graph.ExecutionPlan;
import org.coop4j.graph.Graph;
import org.coop4j.graph.host.ArrayValues;
import org.coop4j.graph.host.Gemm;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.weights.model.ClipConfig;
import org.coop4j.weights.model.MlpActivation;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Encodes images with the frozen image tower ({@code encode_image}) of either kind.
 *
 * <p>A part of the images is read, decoded and resized by all threads, then encoded by all threads, then the next part:
 * the cores are busy all the time and never fight. Several threads take turns after each part.
 *
 * <p>By {@link #encode} an image has the same bits in any company: batches have one size, are filled up, and an image's
 * place in them does not show. {@link #encodeQuickly} takes the smallest plan that holds the images; features differ
 * from the others by the rounding of float32.
 */
public final class ImageEncoder {

    /** Images whose pixels are held at a time, about. */
    private static final int PART = 32;

    /** Rows of a ViT's full batch: BLAS packs the weights once for all of them. */
    private static final int ROWS_PER_BATCH = 3200;

    /** Images of a ViT's full batch at most: the pixels of more are not held. */
    private static final int MOST_IMAGES = 32;

    /** Images of a ViT's full batch at least: the last block has a row for each, and BLAS multiplies few rows in another way. */
    private static final int FEWEST_IMAGES = 16;

    private static final int ROWS_TOGETHER = 4;

    private final NativeWeights weights;
    private final ClipConfig.Vision vision;
    private final FeatureKind kind;
    private final Map<Integer, Batch> quick = new HashMap<>(); // by the number of images
    private Batch full; // null until it is needed

    /**
     * @param kind rows of the tower that are the features
     */
    ImageEncoder(NativeWeights weights, FeatureKind kind) {
        this.weights = weights;
        this.vision = weights.architecture().vision();
        this.kind = kind;
    }

    /** Puts one image's normalised pixels [3, side, side] into a buffer. */
    @FunctionalInterface
    public interface PixelSource {

        /**
         * Writes the pixels of image {@code index} from {@code offset} on; called by several threads at once, each for
         * another image.
         *
         * @throws IOException if the image cannot be read or decoded
         */
        void read(int index, FloatBuffer target, int offset) throws IOException;
    }

    /**
     * Features of images.
     *
     * @param features each image's, not normalised; null for one that could not be read
     * @param problems why images could not be read, by their indices
     * @param width of a feature
     */
    public record Encoded(List<float[]> features, SortedMap<Integer, IOException> problems, int width) {

        /**
         * The features of all images, a row each.
         *
         * @throws IOException if an image could not be read, the first of them
         */
        public FeatureMatrix all() throws IOException {
            if (!problems.isEmpty()) {
                throw problems.get(problems.firstKey());
            }
            float[] rows = new float[Math.multiplyExact(features.size(), width)];
            for (int i = 0; i < features.size(); i++) {
                System.arraycopy(features.get(i), 0, rows, i * width, width);
            }
            return FeatureMatrix.of(features.size(), width, rows);
        }
    }

    /** Side of the square images that the tower takes. */
    public int imageSize() {
        return vision.imageSize();
    }

    /** Width of a feature. */
    public int width() {
        return kind == FeatureKind.EMBEDDED ? weights.architecture().embedDim() : VisualProjection.width(vision);
    }

    /** Images that are read and encoded at a time: whoever has many and wants to hear of them meanwhile takes so many. */
    public int part() {
        return batch() * Math.max(1, PART / batch());
    }

    /**
     * Encodes images 0 to {@code count} - 1, each to the same bits in any company.
     *
     * @throws IllegalStateException if the model is closed
     */
    public Encoded encode(int count, PixelSource source) {
        return encode(count, images -> full(), source);
    }

    /**
     * Encodes images 0 to {@code count} - 1, a few in less time than a full batch takes.
     *
     * @throws IllegalStateException if the model is closed
     */
    public Encoded encodeQuickly(int count, PixelSource source) {
        return encode(count, this::quick, source);
    }

    private Encoded encode(int count, IntFunction<Batch> batches, PixelSource source) {
        int most = part();
        List<float[]> features = new ArrayList<>();
        SortedMap<Integer, IOException> problems = Collections.synchronizedSortedMap(new TreeMap<>());
        if (count > 0) {
            try (HostMatrix pixels = HostMatrix.allocate(Math.min(count, most), 3L * imageSize() * imageSize())) {
                for (int from = 0; from < count; from += most) {
                    int first = from;
                    int n = Math.min(most, count - from);
                    weights.lock().hold(() -> {
                        read(first, n, source, pixels, problems);
                        features.addAll(run(pixels.buffer(), n, batches));
                        return null;
                    });
                }
            }
        }
        problems.keySet().forEach(i -> features.set(i, null));
        return new Encoded(features, problems, width());
    }

    private void read(
            int from, int n, PixelSource source, HostMatrix pixels, SortedMap<Integer, IOException> problems) {
        weights.workers().each(n, (worker, i) -> {
            try {
                source.read(from + i, pixels.buffer(), i * pixels.cols());
            } catch (IOException e) {
                problems.put(from + i, e);
            }
        });
    }

    private List<float[]> run(FloatBuffer pixels, int n, IntFunction<Batch> batches) {
        List<float[]> features = new ArrayList<>();
        while (features.size() < n) {
            Batch batch = batches.apply(n - features.size());
            int images = Math.min(batch.images, n - features.size());
            features.addAll(batch.run(pixels, features.size(), images));
        }
        return features;
    }

    /**
     * A plan: "images" [images, 3, side, side] → "features".
     *
     * @param images that it takes; what an unused place computes is dropped
     */
    private record Batch(ExecutionPlan plan, int images) {

        /** Features of {@code n} images from the one at {@code from} on. */
        List<float[]> run(FloatBuffer pixels, int from, int n) {
            ArrayValues input = ArrayValues.of(plan.input("images"));
            int each = input.buffer().capacity() / images;
            input.buffer().put(0, pixels, from * each, n * each);
            input.store();
            plan.run();
            ArrayValues output = ArrayValues.of(plan.output("features"));
            output.load();
            List<float[]> rows = new ArrayList<>();
            for (int i = 0; i < n; i++) {
                float[] row = new float[output.cols()];
                output.getRow(i, row);
                rows.add(row);
            }
            return rows;
        }
    }

    /**
     * Images that are encoded together where there are many. All threads have as many rows, and the number is a multiple
     * of four, as BLAS' kernels take rows by four and those that are left over in another way.
     */
    private int batch() {
        int images = vision instanceof ClipConfig.Vit vit
                ? Math.max(FEWEST_IMAGES, Math.min(MOST_IMAGES, ROWS_PER_BATCH / vit.tokens()))
                : ROWS_TOGETHER;
        while (images % weights.workers().count() != 0 || images % ROWS_TOGETHER != 0) {
            images++;
        }
        return images;
    }

    /** The smallest plan of 1, 2, 4 … images that holds these. */
    private Batch quick(int images) {
        int highest = Integer.highestOneBit(images);
        int size = Math.min(batch(), highest == images ? images : 2 * highest);
        return quick.computeIfAbsent(size, n -> batch(n, 1));
    }

    /**
     * The plan in which an image has the same bits in every place.
     *
     * <p>BLAS may add up a row in an order that depends on where it stands in a matrix. OpenBLAS' kernels for AVX-512
     * do not; those for AVX2 take rows by twelve, so that a ViT's images begin at multiples of twelve; otherwise images
     * are encoded one at a time.
     */
    private Batch full() {
        if (full == null) {
            int alignment =
                    switch (Gemm.kernels()) {
                        case "SKYLAKEX", "COOPERLAKE", "SAPPHIRERAPIDS" -> 1;
                        case "HASWELL", "ZEN" -> vision instanceof ClipConfig.Vit ? 12 : 0;
                        default -> 0;
                    };
            full = alignment == 0 ? batch(1, 1) : batch(batch(), alignment);
        }
        return full;
    }

    private Batch batch(int images, int alignment) {
        Graph graph = Graph.create().in(weights.precision());
        Parameters.Frozen parameters = new Parameters.Frozen(graph, weights);
        MlpActivation activation = weights.model().activation();
        SDVariable pixels = graph.placeholder("images", DataType.FLOAT, images, 3, imageSize(), imageSize());
        SDVariable x = alignment == 1
                ? rows(parameters, vision, activation, pixels, images) // [images, width]
                : new VisionTransformer(parameters, (ClipConfig.Vit) vision, activation)
                        .aligned(pixels, images, alignment, weights); // [images alignment, width]
        if (kind == FeatureKind.EMBEDDED) {
            x = VisualProjection.after(parameters, x, vision); // [as before, embed]
        }
        if (alignment > 1) {
            x = graph.selectRows(
                    x, IntStream.range(0, images).map(i -> i * alignment).toArray());
        }
        x.rename("features");
        return new Batch(graph.plan(List.of("features"), weights.workers()), images);
    }

    /**
     * The image tower in a graph: image features, not normalised.
     *
     * @param activation of a ViT's MLPs
     * @param images normalised pixels [batch, 3, side, side]
     * @param batch number of images
     * @return [batch, embed]
     */
    public static SDVariable tower(
            Parameters weights,
            ClipConfig.Vision architecture,
            MlpActivation activation,
            SDVariable images,
            int batch) {
        SDVariable x = rows(weights, architecture, activation, images, batch); // [batch, width]
        return VisualProjection.after(weights, x, architecture);
    }

    /** What the visual projection makes image features of, [batch, {@link VisualProjection#width}]. */
    private static SDVariable rows(
            Parameters weights,
            ClipConfig.Vision architecture,
            MlpActivation activation,
            SDVariable images,
            int batch) {
        if (architecture instanceof ClipConfig.Vit vit) {
            return new VisionTransformer(weights, vit, activation).forward(images, batch);
        }
        if (architecture instanceof ClipConfig.ResNet resNet) {
            return new ModifiedResNet(weights, resNet.layers(), resNet.heads())
                    .forward(images, batch, resNet.imageSize());
        }
        throw new IllegalStateException("unknown image tower " + architecture);
    }

    /** Frees the plans; to be called under the lock. */
    void close() {
        quick.values().forEach(batch -> batch.plan.close());
        quick.clear();
        if (full != null) {
            full.plan.close();
        }
    }
}
