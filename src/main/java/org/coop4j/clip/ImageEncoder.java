package org.coop4j.clip;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.IntFunction;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.coop4j.base.RefusedException;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.clip.Parameters.ImageRows;
import org.coop4j.graph.ExecutionPlan;
import org.coop4j.graph.Graph;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.graph.OpTime;
import org.coop4j.graph.host.ArrayValues;
import org.coop4j.graph.host.Gemm;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.NativeMemory;
import org.coop4j.model.ClipConfig;
import org.coop4j.model.MlpActivation;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Encodes images with the frozen image tower ({@code encode_image}), a vision transformer or a ResNet.
 *
 * <p>All threads read, decode and resize a part of the images, then all threads encode it, then comes the next part:
 * the cores are always busy and never compete. Several callers take turns after each part.
 *
 * <p>With {@link #encode} an image has the same bits whatever other images are encoded with it: all batches have one
 * size, unused places included, and an image's place does not matter. {@link #encodeQuickly} uses the smallest plan
 * that holds the images; its features differ by the rounding of float32.
 */
public final class ImageEncoder {

    /** Approximate number of images whose pixels are held at a time. */
    private static final int PART = 32;

    /** Rows of a ViT's full batch: BLAS packs the weights once for all of them. */
    private static final int ROWS_PER_BATCH = 3200;

    /** Most images of a ViT's full batch; the pixels of more are not held. */
    private static final int MOST_IMAGES = 32;

    /**
     * Fewest images of a ViT's full batch: the last block has one row per image, and BLAS multiplies few rows
     * differently.
     */
    private static final int FEWEST_IMAGES = 16;

    private static final int ROWS_TOGETHER = 4;

    private final NativeWeights weights;
    private final ClipConfig.Vision vision;
    private final FeatureKind kind;
    private final FeatureKind input; // pixels or tokens

    /** Plans by their number of images and their alignment; the one for heat maps by an empty list. */
    private final Map<List<Integer>, ExecutionPlan> plans = new HashMap<>();

    /** Learned tensors of a changed tower, and the gates. */
    private final Map<String, INDArray> learned = new HashMap<>();

    /**
     * @param kind what the features are
     */
    ImageEncoder(NativeWeights weights, FeatureKind kind) {
        this.weights = weights;
        this.vision = weights.architecture().vision();
        this.kind = kind;
        this.input =
                kind instanceof FeatureKind.Changed changed && changed.tower().block() >= 0
                        ? new FeatureKind.Tokens(changed.tower().block())
                        : FeatureKind.PIXELS;
    }

    /** Source of the images' normalised pixels, [3, side, side] each. */
    @FunctionalInterface
    public interface PixelSource {

        /**
         * Writes the pixels of image {@code index} starting at {@code offset}; called by several threads at once, each for
         * another image.
         *
         * @throws IOException if the image cannot be read or decoded
         */
        void read(int index, FloatBuffer target, int offset) throws IOException;
    }

    /**
     * Features of images.
     *
     * @param features not normalised; null for an image that could not be read
     * @param problems reasons that images could not be read, by index
     * @param width of an image's features
     */
    public record Encoded(List<float[]> features, SortedMap<Integer, IOException> problems, int width) {

        /**
         * Returns the features of all images, one row each.
         *
         * @throws IOException the first problem, if an image could not be read
         */
        public FeatureMatrix all() throws IOException {
            if (!problems.isEmpty()) {
                throw problems.get(problems.firstKey());
            }
            return FeatureMatrix.of(features, width);
        }
    }

    /** Returns the side of the tower's square images, in pixels. */
    public int imageSize() {
        return vision.imageSize();
    }

    /** Returns the width of an image's features. */
    public int width() {
        return width(kind, weights.architecture());
    }

    /** Returns the width of features of a kind. */
    static int width(FeatureKind kind, ClipConfig architecture) {
        if (kind == FeatureKind.PIXELS) {
            int side = architecture.vision().imageSize();
            return 3 * side * side;
        }
        if (kind instanceof FeatureKind.Tokens) {
            ClipConfig.Vit vit = (ClipConfig.Vit) architecture.vision();
            return vit.tokens() * vit.width();
        }
        if (kind instanceof FeatureKind.Changed changed) {
            return changed.tower().features() * architecture.embedDim();
        }
        return kind == FeatureKind.BEFORE_PROJECTION
                ? VisualProjection.width(architecture.vision())
                : architecture.embedDim();
    }

    /**
     * Returns the number of images that are read and encoded at a time; a caller that shows progress passes as many per
     * call.
     */
    public int part() {
        return batch() * Math.max(1, PART / batch());
    }

    /**
     * Encodes images 0 to {@code count} - 1, each to the same bits whatever the others are.
     *
     * @throws IllegalStateException if the model is closed
     */
    public Encoded encode(int count, PixelSource source) {
        return encode(count, images -> full(), source);
    }

    /**
     * Encodes images 0 to {@code count} - 1, a few faster than a full batch.
     *
     * @throws IllegalStateException if the model is closed
     */
    public Encoded encodeQuickly(int count, PixelSource source) {
        return encode(count, this::quick, source);
    }

    /** Runs the plans of {@link #encodeQuickly} for this many images, and measures the time of each kind of op. */
    public List<OpTime> profile(int images) {
        return weights.lock().hold(() -> {
            List<ExecutionPlan> plans = new ArrayList<>();
            for (int left = images; left > 0; left -= batch()) {
                plans.add(quick(left));
            }
            return OpTime.measure(plans);
        });
    }

    /**
     * Returns the derivative of a score by a gate of each patch, where it is 1: the gate is a factor of the patch's value
     * vectors in all attention, whose weights are held.
     *
     * @param pixels of an image, [3, side, side]
     * @param gradient returns the derivative of the score by the image's features
     * @return [grid, grid]
     * @throws RefusedException if the tower is a ResNet
     */
    public float[] gateGradient(FloatBuffer pixels, UnaryOperator<float[]> gradient) {
        if (!(vision instanceof ClipConfig.Vit vit)) {
            throw new RefusedException(
                    ("a heat map needs the patches of a vision transformer, and the image tower of %s is"
                                    + " a ResNet: use a model with a ViT")
                            .formatted(weights.model().path().getFileName()));
        }
        return weights.lock().hold(() -> {
            weights.allocated().add(this);
            ExecutionPlan gated = plans.computeIfAbsent(List.of(), k -> newGatedPlan(vit));
            ArrayValues input = ArrayValues.of(gated.input("images"));
            input.buffer().put(0, pixels, 0, input.buffer().capacity());
            input.store();
            gated.run("gradient", () -> ArrayValues.of(gated.input("gradient"))
                    .fill(gradient.apply(values(gated, "features"))));
            return values(gated, "map");
        });
    }

    private static float[] values(ExecutionPlan plan, String output) {
        ArrayValues values = ArrayValues.of(plan.output(output));
        values.load();
        return values.toArray();
    }

    private Encoded encode(int count, IntFunction<ExecutionPlan> plans, PixelSource source) {
        int most = part();
        List<float[]> features = new ArrayList<>();
        SortedMap<Integer, IOException> problems = Collections.synchronizedSortedMap(new TreeMap<>());
        if (count > 0) {
            try (HostMatrix pixels = HostMatrix.allocate(Math.min(count, most), width(input, weights.architecture()))) {
                for (int from = 0; from < count; from += most) {
                    int first = from;
                    int n = Math.min(most, count - from);
                    weights.lock().hold(() -> {
                        read(first, n, source, pixels, problems);
                        run(pixels.buffer(), n, plans, features);
                        return null;
                    });
                }
            }
        }
        problems.keySet().forEach(i -> features.set(i, null));
        features.stream().filter(Objects::nonNull).forEach(weights::requireFinite);
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

    /** Adds the features of the first {@code n} images; results of a plan's unused places are dropped. */
    private static void run(FloatBuffer pixels, int n, IntFunction<ExecutionPlan> plans, List<float[]> features) {
        int done = 0;
        while (done < n) {
            ExecutionPlan plan = plans.apply(n - done);
            int places = (int) plan.input("images").size(0);
            int images = Math.min(places, n - done);
            ArrayValues input = ArrayValues.of(plan.input("images"));
            int each = input.buffer().capacity() / places;
            input.buffer().put(0, pixels, done * each, images * each);
            input.store();
            plan.run();
            ArrayValues output = ArrayValues.of(plan.output("features"));
            output.load();
            for (int i = 0; i < images; i++) {
                float[] row = new float[output.cols()];
                output.getRow(i, row);
                features.add(row);
            }
            done += images;
        }
    }

    /**
     * Returns the number of images of a full batch. All threads have equally many rows, and the number is a multiple of
     * four, as BLAS' kernels take rows by four and treat the remaining ones differently.
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

    /** Returns the smallest plan of 1, 2, 4 … images that holds these. */
    private ExecutionPlan quick(int images) {
        int highest = Integer.highestOneBit(images);
        int size = Math.min(batch(), highest == images ? images : 2 * highest);
        return plan(size, 1);
    }

    /**
     * Returns the plan in which an image has the same bits in every place.
     *
     * <p>BLAS may add up a row in an order that depends on its place in a matrix. OpenBLAS' kernels for AVX-512 do not;
     * those for AVX2 take rows by twelve, so a ViT's images start at multiples of twelve. Otherwise images are encoded
     * one at a time.
     */
    private ExecutionPlan full() {
        boolean otherRows = kind instanceof FeatureKind.Tokens
                || input != FeatureKind.PIXELS
                || (kind instanceof FeatureKind.Changed changed
                        && changed.tower().addsRows());
        int alignment =
                switch (Gemm.kernels()) {
                    case "SKYLAKEX", "COOPERLAKE", "SAPPHIRERAPIDS" -> 1;
                    case "HASWELL", "ZEN" -> vision instanceof ClipConfig.Vit && !otherRows ? 12 : 0;
                    default -> 0;
                };
        return alignment == 0 ? plan(1, 1) : plan(batch(), alignment);
    }

    private ExecutionPlan plan(int images, int alignment) {
        weights.allocated().add(this); // even if it was released meanwhile
        return plans.computeIfAbsent(List.of(images, alignment), key -> newPlan(images, alignment));
    }

    /** Returns a plan "images" [images, 3, side, side] → "features" [images, {@link #width}]. */
    private ExecutionPlan newPlan(int images, int alignment) {
        Graph graph = Graph.create().in(weights.precision());
        Parameters frozen = new Parameters.Frozen(graph, weights);
        MlpActivation activation = weights.model().activation();
        SDVariable pixels = input == FeatureKind.PIXELS
                ? graph.placeholder("images", DataType.FLOAT, images, 3, imageSize(), imageSize())
                : graph.placeholder("images", DataType.FLOAT, images, width(input, weights.architecture()));
        if (kind == FeatureKind.PIXELS) {
            return graph.plan(Map.of("features", pixels.reshape(images, width())), weights.workers());
        }
        Parameters.Changes changes = changes(graph);
        Parameters parameters = changes.of(frozen);
        SDVariable x;
        if (vision instanceof ClipConfig.Vit vit) {
            VisionTransformer tower = new VisionTransformer(parameters, vit, activation);
            if (kind instanceof FeatureKind.Tokens tokens) {
                x = tower.tokens(pixels, images, tokens.block()).reshape(images, width());
                return graph.plan(Map.of("features", x), weights.workers());
            }
            int block = kind instanceof FeatureKind.Changed changed
                    ? changed.tower().block()
                    : VisionTransformer.PIXELS;
            if (alignment == 1 && kind != FeatureKind.BEFORE_PROJECTION) {
                List<SDVariable> features = tower.embedded(pixels, images, block, changes.imageRows());
                return graph.plan(Map.of("features", joined(features)), weights.workers());
            }
            x = alignment == 1
                    ? tower.forward(pixels, images) // [images, width]
                    : tower.aligned(pixels, images, alignment, weights);
        } else {
            x = rows(parameters, vision, activation, pixels, images); // [images, width]
        }
        if (kind != FeatureKind.BEFORE_PROJECTION) {
            x = VisualProjection.after(parameters, x, vision); // [as before, embed]
        }
        if (alignment > 1) {
            int[] first = IntStream.range(0, images).map(i -> i * alignment).toArray();
            x = graph.selectRows(x, first); // [images, embed]
        }
        return graph.plan(Map.of("features", x), weights.workers());
    }

    /** Returns a plan "images" [1, 3, side, side] → "features", and with "gradient" in these → "map" [grid²]. */
    private ExecutionPlan newGatedPlan(ClipConfig.Vit vit) {
        Graph graph = Graph.create().in(weights.precision());
        int patches = vit.grid() * vit.grid();
        SDVariable gates = graph.variable(
                "gates", learned.computeIfAbsent("gates", name -> NativeMemory.array(DataType.FLOAT, patches)
                        .assign(1)));
        Parameters.Changes changes = changes(graph);
        ImageRows added = changes.imageRows();
        Parameters parameters = changes.gated(x -> {
                    int[] gateOfRow = new int[(int) graph.shape(x)[0]];
                    boolean moved = added != null && added.afterClass() && gateOfRow.length > vit.tokens();
                    int first = vit.tokens() - patches + (moved ? added.count() : 0);
                    Arrays.setAll(gateOfRow, r -> r < first || r >= first + patches ? Graph.NO_ROW : r - first);
                    return graph.gate(x, gates, vit.width(), gateOfRow);
                })
                .of(new Parameters.Frozen(graph, weights));
        VisionTransformer tower =
                new VisionTransformer(parameters, vit, weights.model().activation());
        SDVariable pixels = graph.placeholder("images", DataType.FLOAT, 1, 3, imageSize(), imageSize());
        SDVariable features = kind == FeatureKind.BEFORE_PROJECTION
                ? tower.forward(pixels, 1)
                : joined(tower.embedded(pixels, 1, VisionTransformer.PIXELS, added));
        SDVariable score = graph.innerProduct(features, graph.placeholder("gradient", DataType.FLOAT, 1, width()));
        Map<String, SDVariable> outputs = new LinkedHashMap<>(Map.of("features", features)); // first
        outputs.put("map", graph.differentiate(score).get("gates"));
        return graph.plan(outputs, weights.workers());
    }

    private Parameters.Changes changes(Graph graph) {
        return kind instanceof FeatureKind.Changed changed
                ? changed.tower().changes().apply(new Constants(graph, changed.tower()))
                : Parameters.Changes.NONE;
    }

    /** Returns features [images, embed] side by side, [images, features · embed]. */
    private static SDVariable joined(List<SDVariable> features) {
        SDVariable first = features.get(0);
        return features.size() == 1 ? first : first.getSameDiff().concat(1, features.toArray(SDVariable[]::new));
    }

    /** Returns the weights of a changed tower in place of the model's, with branches merged: W + scale · B A. */
    Map<String, float[]> changedWeights() {
        Map<String, float[]> result = new HashMap<>();
        if (kind instanceof FeatureKind.Changed changed) {
            if (changed.tower().addsRows()) {
                throw new UnsupportedOperationException(
                        "its images have further rows, which no plain image tower has: there is no such file");
            }
            Parameters.Changes changes =
                    changed.tower().changes().apply(new Constants(Graph.create(), changed.tower()));
            changes.weights()
                    .forEach((name, weight) ->
                            result.put(name, ArrayValues.of(weight.getArr()).toArray()));
            changes.branches().forEach((layer, branch) -> {
                int part = Parameters.Changed.part(layer);
                String name =
                        part < 0 ? layer + ".weight" : layer.substring(0, layer.lastIndexOf('.')) + ".in_proj_weight";
                branch.addTo(result.computeIfAbsent(name, weights::floats), Math.max(0, part));
            });
        }
        return result;
    }

    /** The learned tensors of a changed tower as constants of a graph. */
    private final class Constants implements Parameters.Learned {

        private final Graph graph;
        private final Map<String, LearnedTensor> tensors = new LinkedHashMap<>();
        private final Map<String, SDVariable> known = new HashMap<>();

        Constants(Graph graph, FeatureSpace.ChangedTower tower) {
            this.graph = graph;
            tower.learned().forEach(tensor -> tensors.put(tensor.name(), tensor));
        }

        @Override
        public Graph ops() {
            return graph;
        }

        @Override
        public SDVariable learned(String name) {
            return known.computeIfAbsent(name, n -> graph.constant(n, learned.computeIfAbsent(n, this::array)));
        }

        @Override
        public Set<String> names() {
            return tensors.keySet();
        }

        private INDArray array(String name) {
            LearnedTensor tensor = tensors.get(name);
            INDArray array = NativeMemory.array(DataType.FLOAT, StepGraph.matrix(tensor.shape()));
            ArrayValues.of(array).fill(tensor.values());
            return array;
        }

        @Override
        public Graph.Dropout dropout(double rate) {
            return Graph.Dropout.NONE;
        }
    }

    /**
     * Returns the image tower in a graph, without its visual projection.
     *
     * @param activation of a ViT's MLPs
     * @param images normalised pixels [batch, 3, side, side]
     * @param batch number of images
     * @return input of the visual projection, [batch, {@link VisualProjection#width}]
     */
    public static SDVariable rows(
            Parameters weights,
            ClipConfig.Vision architecture,
            MlpActivation activation,
            SDVariable images,
            int batch) {
        if (architecture instanceof ClipConfig.Vit vit) {
            return new VisionTransformer(weights, vit, activation).forward(images, batch);
        }
        ClipConfig.ResNet resNet = (ClipConfig.ResNet) architecture;
        return new ModifiedResNet(weights, resNet.layers(), resNet.heads()).forward(images, batch, resNet.imageSize());
    }

    /** Returns true if it has native memory. */
    boolean isAllocated() {
        return !plans.isEmpty();
    }

    /** Frees the plans and learned tensors; to be called under the lock. */
    void close() {
        weights.allocated().remove(this);
        plans.values().forEach(ExecutionPlan::close);
        plans.clear();
        learned.values().forEach(NativeMemory::free);
        learned.clear();
    }
}
