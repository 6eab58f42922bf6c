package org.coop4j.clip;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.graph.ExecutionPlan;
import org.coop4j.graph.Graph;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.coop4j.graph.op.Activation;
import org.coop4j.weights.model.ClipConfig;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Encodes images with the frozen image tower.
 *
 * <p>A part of the images is read, decoded and resized by all threads, then encoded by all threads,
 * then the next part: the cores are busy all the time and never fight. The tower runs on a few
 * images at once, as many as stay in the second-level cache.
 */
public final class ImageEncoder {

    /** Images whose pixels are held at a time, about. */
    private static final int PART = 32;

    /** Packed rows of a ViT's batch. */
    private static final int ROWS_PER_BATCH = 800;

    private final NativeWeights weights;
    private final ClipConfig architecture;
    private final Activation.Kind activation;
    private final Workers workers;
    private final Map<Integer, ExecutionPlan> plans = new HashMap<>();

    ImageEncoder(
            NativeWeights weights,
            ClipConfig architecture,
            Activation.Kind activation,
            Workers workers) {
        this.weights = weights;
        this.architecture = architecture;
        this.activation = activation;
        this.workers = workers;
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

        /** Takes the features of image {@code index}, not normalised; the array is reused. */
        void features(int index, float[] features);

        /** Is told that image {@code index} could not be read; the rest goes on. */
        void failed(int index, IOException problem);
    }

    /** Side of the square images that the tower takes. */
    public int imageSize() {
        return architecture.vision().imageSize();
    }

    /** Width of a feature. */
    public int embed() {
        return architecture.embedDim();
    }

    /**
     * Encodes images 0 to {@code count} - 1, {@link #batch} at a time.
     *
     * <p>A matrix product's last bits depend on its size, and so on how many images share a batch:
     * every batch has the same size here, the last one too. An image in the same place of a batch
     * has the same features to the last bit.
     */
    public void encode(int count, PixelSource source, Sink sink) {
        encode(count, batch(), source, sink);
    }

    /** Encodes images with batches no larger than needed: less work for a few, other last bits. */
    public void encodeFew(int count, PixelSource source, Sink sink) {
        encode(count, Math.min(count, batch()), source, sink);
    }

    private synchronized void encode(int count, int batch, PixelSource source, Sink sink) {
        if (count == 0) {
            return;
        }
        int pixels = 3 * imageSize() * imageSize();
        int most = batch * Math.max(1, PART / batch);
        FloatBuffer part = allocate(Math.multiplyExact(most, pixels));
        for (int from = 0; from < count; from += most) {
            int n = Math.min(most, count - from);
            IOException[] problems = read(from, n, pixels, source, part);
            encodePart(from, n, batch, part, problems, sink);
        }
    }

    private IOException[] read(int from, int n, int pixels, PixelSource source, FloatBuffer part) {
        IOException[] problems = new IOException[n];
        workers.each(
                n,
                (worker, i) -> {
                    try {
                        source.read(from + i, part, i * pixels);
                    } catch (IOException e) {
                        problems[i] = e;
                    }
                });
        return problems;
    }

    /** Images that cannot be read keep their places, so that the others keep theirs. */
    private void encodePart(
            int from, int n, int batch, FloatBuffer part, IOException[] problems, Sink sink) {
        int pixels = 3 * imageSize() * imageSize();
        ExecutionPlan plan = planFor(batch);
        FloatBuffer input = HostMatrix.of(plan.input("images")).buffer();
        HostMatrix features = HostMatrix.of(plan.output("features"));
        float[] row = new float[embed()];
        for (int done = 0; done < n; done += batch) {
            int size = Math.min(batch, n - done);
            input.put(0, part, done * pixels, size * pixels);
            plan.run();
            for (int i = 0; i < size; i++) {
                if (problems[done + i] == null) {
                    features.getRow(i, row);
                    sink.features(from + done + i, row);
                } else {
                    sink.failed(from + done + i, problems[done + i]);
                }
            }
        }
    }

    private static FloatBuffer allocate(int length) {
        return java.nio.ByteBuffer.allocateDirect(Math.multiplyExact(length, Float.BYTES))
                .order(java.nio.ByteOrder.nativeOrder())
                .asFloatBuffer();
    }

    /** Images that the tower takes at once. */
    public int batch() {
        ClipConfig.Vision vision = architecture.vision();
        if (vision instanceof ClipConfig.Vit vit) {
            return Math.max(1, ROWS_PER_BATCH / vit.tokens());
        }
        return 4;
    }

    /** A plan for at least {@code size} images: building one takes as long as some batches. */
    private ExecutionPlan planFor(int size) {
        ExecutionPlan known = plans.get(size);
        if (known == null && plans.containsKey(batch())) {
            known = plans.get(batch());
        }
        return known != null ? known : plans.computeIfAbsent(size, this::plan);
    }

    /** The tower's plan for {@code batch} images: "images" [batch, 3, side, side] → "features". */
    ExecutionPlan plan(int batch) {
        Graph graph = Graph.create();
        FrozenParameters parameters = new FrozenParameters(graph, weights);
        long side = imageSize();
        SDVariable images = graph.placeholder("images", DataType.FLOAT, batch, 3, side, side);
        SDVariable features =
                ImageTower.features(parameters, architecture.vision(), activation, images, batch);
        features.rename("features");
        return graph.plan(List.of("features"), workers);
    }
}
