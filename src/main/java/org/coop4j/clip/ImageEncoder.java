package org.coop4j.clip;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.coop4j.graph.ExecutionPlan;
import org.coop4j.graph.Graph;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.coop4j.graph.op.Activation;
import org.coop4j.weights.clip.ClipArchitecture;
import org.coop4j.weights.clip.VisionArchitecture;
import org.coop4j.weights.clip.Vit;
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

    /** Images whose pixels are held at a time. */
    private static final int PART = 32;

    /** Packed rows of a ViT's batch. */
    private static final int ROWS_PER_BATCH = 800;

    private final NativeWeights weights;
    private final ClipArchitecture architecture;
    private final Activation.Kind activation;
    private final Workers workers;
    private final Map<Integer, ExecutionPlan> plans = new HashMap<>();

    ImageEncoder(
            NativeWeights weights,
            ClipArchitecture architecture,
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

    /** Encodes images 0 to {@code count} - 1. */
    public synchronized void encode(int count, PixelSource source, Sink sink) {
        int pixels = 3 * imageSize() * imageSize();
        FloatBuffer part = allocate(Math.min(PART, count) * pixels);
        for (int from = 0; from < count; from += PART) {
            int n = Math.min(PART, count - from);
            IOException[] problems = read(from, n, pixels, source, part);
            encodePart(from, n, pixels, part, problems, sink);
        }
    }

    private IOException[] read(int from, int n, int pixels, PixelSource source, FloatBuffer part) {
        IOException[] problems = new IOException[n];
        AtomicInteger next = new AtomicInteger();
        workers.run(
                (worker, parts) -> {
                    for (int i = next.getAndIncrement(); i < n; i = next.getAndIncrement()) {
                        try {
                            source.read(from + i, part, i * pixels);
                        } catch (IOException e) {
                            problems[i] = e;
                        }
                    }
                });
        return problems;
    }

    private void encodePart(
            int from, int n, int pixels, FloatBuffer part, IOException[] problems, Sink sink) {
        int[] good = new int[n];
        int goods = 0;
        for (int i = 0; i < n; i++) {
            if (problems[i] == null) {
                good[goods++] = i;
            }
        }
        float[] features = new float[goods * embed()];
        for (int done = 0; done < goods; ) {
            int size = Math.min(batchSize(), goods - done);
            ExecutionPlan plan = planFor(size);
            FloatBuffer input = HostMatrix.of(plan.input("images")).buffer();
            for (int i = 0; i < size; i++) {
                input.put(i * pixels, part, good[done + i] * pixels, pixels);
            }
            plan.run();
            HostMatrix.of(plan.output("features"))
                    .buffer()
                    .get(0, features, done * embed(), size * embed());
            done += size;
        }
        float[] row = new float[embed()];
        int next = 0;
        for (int i = 0; i < n; i++) {
            if (problems[i] == null) {
                System.arraycopy(features, next * embed(), row, 0, embed());
                next++;
                sink.features(from + i, row);
            } else {
                sink.failed(from + i, problems[i]);
            }
        }
    }

    private static FloatBuffer allocate(int length) {
        return java.nio.ByteBuffer.allocateDirect(Math.multiplyExact(length, Float.BYTES))
                .order(java.nio.ByteOrder.nativeOrder())
                .asFloatBuffer();
    }

    /** Images that the tower takes at once. */
    private int batchSize() {
        VisionArchitecture vision = architecture.vision();
        if (vision instanceof Vit vit) {
            return Math.max(1, ROWS_PER_BATCH / vit.tokens());
        }
        return 4;
    }

    /** A plan for at least {@code size} images: building one takes as long as some batches. */
    private ExecutionPlan planFor(int size) {
        ExecutionPlan known = plans.get(size);
        if (known == null && plans.containsKey(batchSize())) {
            known = plans.get(batchSize());
        }
        return known != null ? known : plans.computeIfAbsent(size, this::plan);
    }

    /** The tower's plan for {@code batch} images: "images" [batch, 3, side, side] → "features". */
    ExecutionPlan plan(int batch) {
        Graph graph = Graph.create();
        FrozenParameters parameters = new FrozenParameters(graph, weights);
        long side = imageSize();
        SDVariable images = graph.placeholder("images", DataType.FLOAT, batch, 3, side, side);
        VisionArchitecture vision = architecture.vision();
        SDVariable features;
        if (vision instanceof Vit vit) {
            VisionTransformer tower =
                    new VisionTransformer(
                            parameters,
                            vit.patchSize(),
                            vit.width(),
                            vit.layers(),
                            vit.heads(),
                            activation);
            features = tower.forward(images, batch, vit.tokens());
        } else if (vision instanceof org.coop4j.weights.clip.ModifiedResNet resNet) {
            ModifiedResNet tower = new ModifiedResNet(parameters, resNet.layers(), resNet.heads());
            features = tower.forward(images, batch, resNet.imageSize());
        } else {
            throw new IllegalStateException("unknown image tower " + vision);
        }
        features.rename("features");
        return graph.plan(List.of("features"), workers);
    }
}
