package org.coop4j.pretrain;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.ImageEncoder;
import org.coop4j.clip.TextTransformer;
import org.coop4j.clip.Transformer;
import org.coop4j.clip.VisualProjection;
import org.coop4j.data.RandomStream;
import org.coop4j.graph.ExecutionPlan;
import org.coop4j.graph.Graph;
import org.coop4j.graph.host.ArrayValues;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.model.ClipConfig;
import org.coop4j.model.ModelMetadata;
import org.coop4j.pretrain.op.ClassLoss;
import org.coop4j.pretrain.op.ContrastiveLoss;
import org.coop4j.pretrain.op.EmbedTokens;
import org.coop4j.weights.DType;
import org.coop4j.weights.TensorView.TensorSpec;
import org.coop4j.weights.safetensors.SafetensorsWriter;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A CLIP all of whose weights are trained on pairs of an image and a caption: the contrastive loss
 * of a batch and its gradient in every weight. Where there is a teacher, the distance to its features is added. Where
 * pictures have classes, three cross-entropies are: of each picture among one caption of every class, of each picture
 * among learned class vectors, and of those captions among the vectors. A text tower tells captions apart only after
 * many steps, and the image tower would wait for it; the vectors differ after the first step. They are no part
 * of the model.
 *
 * <p>Captions are packed rows without padding; what a batch leaves free of the rows adds exactly
 * nothing, so that one plan serves every batch. Tokens that no caption has are not held: their
 * embeddings are zero in the written model. One thread at a time.
 */
public final class TrainableClip implements AutoCloseable {

    /** The largest logit scale, log 100, as the CLIP paper clips it (section 2.5). */
    public static final double MAX_LOGIT_SCALE = Math.log(100);

    private static final String TOKENS = "token_embedding.weight";
    private static final String LOGIT_SCALE = "logit_scale";
    private static final String CLASS_VECTORS = "class vectors";
    private static final String OWN_CLASSES = "own classes";

    private final ModelMetadata metadata;
    private final InitialModel initial;
    private final Size size;
    private final double distillation;
    private final int[] tokens;
    private final TrainedParameters parameters;
    private final ExecutionPlan plan;
    private final ExecutionPlan lossPlan;
    private final ArrayValues images;
    private final Map<String, ArrayValues> values = new LinkedHashMap<>();
    private final Map<String, ArrayValues> gradients = new LinkedHashMap<>();

    /**
     * Returns the sizes of a step.
     *
     * @param batch pairs of a step, exactly
     * @param classes classes among which pictures are told apart, each with a caption in every step; 0 for none
     * @param rows tokens of all captions of a step, at most
     * @param longest tokens of a caption, at most
     */
    public record Size(int batch, int classes, int rows, int longest) {

        public Size {
            if (batch < 2 || classes < 0 || rows < batch + classes || longest < 1) {
                throw new IllegalArgumentException(
                        "batch of %d pairs and %d classes with %d tokens, the longest caption of %d"
                                .formatted(batch, classes, rows, longest));
            }
        }

        /** Returns the number of captions of a step. */
        int captions() {
            return batch + classes;
        }
    }

    private TrainableClip(
            InitialModel initial, Size size, double distillation, int[] tokens, DataType type, Workers workers) {
        this.metadata = initial.metadata();
        this.initial = initial;
        this.size = size;
        this.distillation = distillation;
        this.tokens = tokens.clone();
        Graph graph = new TrainedGraph(type == DataType.FLOAT ? Precision.fastest() : Precision.FLOAT32);
        this.parameters = new TrainedParameters(graph, initial, type);
        SDVariable loss = loss(graph, type);
        Map<String, SDVariable> outputs = new LinkedHashMap<>(Map.of("loss", loss));
        graph.differentiate(loss).forEach((name, gradient) -> outputs.put(gradientName(name), gradient));
        plan = graph.plan(outputs, workers);
        lossPlan = type == DataType.DOUBLE ? graph.plan(Map.of("loss", loss), workers) : null;
        if (size.classes > 0) {
            float[] own = new float[size.classes * size.classes];
            for (int c = 0; c < size.classes; c++) {
                own[c * size.classes + c] = 1;
            }
            put(OWN_CLASSES, own); // the same in every step
        }
        images = ArrayValues.of(plan.input("images"));
        parameters.entries().forEach((name, entry) -> {
            ArrayValues value = ArrayValues.of(entry.array());
            value.load();
            values.put(name, value);
            INDArray gradient = plan.output(gradientName(name));
            gradients.put(name, ArrayValues.of(gradient));
        });
    }

    /**
     * Returns a model to train.
     *
     * @param initial the model that training begins with
     * @param distillation weight of the distance to a teacher's image features, 0 for no teacher
     * @param tokens ids of all tokens that captions will have, ascending
     */
    public static TrainableClip of(
            InitialModel initial, Size size, double distillation, int[] tokens, Workers workers) {
        return of(initial, size, distillation, tokens, DataType.FLOAT, workers);
    }

    static TrainableClip of(
            InitialModel initial, Size size, double distillation, int[] tokens, DataType type, Workers workers) {
        ClipConfig.Text text = initial.metadata().architecture().text();
        if (size.longest > text.contextLength()) {
            throw new IllegalArgumentException("captions of up to %s tokens for a context length of %s"
                    .formatted(size.longest, text.contextLength()));
        }
        for (int i = 0; i < tokens.length; i++) {
            int before = i == 0 ? -1 : tokens[i - 1];
            if (tokens[i] <= before || tokens[i] >= text.vocabularySize()) {
                throw new IllegalArgumentException(
                        "token %d after %d in a vocabulary of %d".formatted(tokens[i], before, text.vocabularySize()));
            }
        }
        return new TrainableClip(initial, size, distillation, tokens, type, workers);
    }

    /** Returns the plan's output that is the gradient of a weight. */
    static String gradientName(String weight) {
        return "gradient of " + weight;
    }

    private SDVariable loss(Graph graph, DataType type) {
        SDVariable images = graph.normalizeRows(imageFeatures(graph, type)); // [batch, embed]
        SDVariable texts = graph.normalizeRows(textFeatures(graph, type)); // [batch + classes, embed]
        SDVariable fits = graph.placeholder("fits", type, size.batch, size.batch);
        SDVariable shown = rows(graph, texts, 0, size.batch);
        SDVariable pairs = logits(graph, images, shown); // [batch, batch]
        SDVariable loss = graph.apply(new ContrastiveLoss(), pairs, fits);
        if (size.classes > 0) {
            SDVariable targets = graph.placeholder("classes", type, size.batch, size.classes);
            SDVariable own = graph.placeholder(OWN_CLASSES, type, size.classes, size.classes);
            SDVariable named = rows(graph, texts, size.batch, size.captions()); // [classes, embed]
            SDVariable vectors = graph.normalizeRows(parameters.derived(
                    CLASS_VECTORS, classVectors(), size.classes, architecture().embedDim()));
            loss = graph.add(loss, graph.apply(new ClassLoss(), logits(graph, images, named), targets));
            loss = graph.add(loss, graph.apply(new ClassLoss(), logits(graph, images, vectors), targets));
            loss = graph.add(loss, graph.apply(new ClassLoss(), logits(graph, named, vectors), own));
        }
        if (distillation > 0) {
            SDVariable pull = graph.placeholder(
                    "teacher", type, size.batch, architecture().embedDim());
            loss = graph.add(loss, graph.innerProduct(images, pull));
        }
        return loss.rename("loss");
    }

    /** Returns the vectors of the classes to begin with, in directions at random, [classes, embed]. */
    private float[] classVectors() {
        SplittableRandom random = RandomStream.of(0, CLASS_VECTORS);
        float[] vectors = new float[size.classes * architecture().embedDim()];
        for (int i = 0; i < vectors.length; i++) {
            vectors[i] = (float) random.nextDouble(-1, 1);
        }
        return vectors;
    }

    private static SDVariable rows(Graph graph, SDVariable x, int from, int to) {
        return graph.selectRows(x, IntStream.range(from, to).toArray());
    }

    private SDVariable logits(Graph graph, SDVariable images, SDVariable texts) {
        SDVariable cosines = graph.in(Precision.FLOAT32).linear(images, texts); // [batch, texts]
        return graph.expScale(cosines, parameters.get(LOGIT_SCALE));
    }

    private SDVariable imageFeatures(Graph graph, DataType type) {
        long side = architecture().vision().imageSize();
        SDVariable images = graph.placeholder("images", type, size.batch, 3, side, side);
        SDVariable x = ImageEncoder.rows(
                parameters, architecture().vision(), metadata.activation(), images, size.batch); // [batch, width]
        return VisualProjection.after(parameters, x, architecture().vision()); // [batch, embed]
    }

    private SDVariable textFeatures(Graph graph, DataType type) {
        ClipConfig.Text text = architecture().text();
        SDVariable rowTokens = graph.placeholder("tokens", type, size.rows);
        SDVariable places = graph.placeholder("places", type, size.rows);
        SDVariable starts = graph.placeholder("starts", type, size.captions() + 1L);
        SDVariable table = parameters.derived(TOKENS, compactTable(), tokens.length, text.width());
        SDVariable x = graph.apply(
                new EmbedTokens(), table, parameters.get("positional_embedding"), rowTokens, places); // [rows, width]
        Transformer.Sequences sequences = new RaggedSequences(graph, text.heads(), size.longest, starts);
        return new TextTransformer(parameters, text, metadata.activation())
                .forward(x, sequences); // [batch + classes, embed]
    }

    /** Returns the embeddings of the tokens that captions have, [tokens, width]. */
    private float[] compactTable() {
        int width = architecture().text().width();
        float[] all = initial.floats(TOKENS);
        float[] some = new float[tokens.length * width];
        for (int i = 0; i < tokens.length; i++) {
            System.arraycopy(all, tokens[i] * width, some, i * width, width);
        }
        return some;
    }

    /** Returns the sizes of both towers. */
    public ClipConfig architecture() {
        return metadata.architecture();
    }

    /** Returns the sizes of a step. */
    public Size size() {
        return size;
    }

    /** Returns the buffer for the next step's normalised pixels, [batch, 3, side, side]. */
    public FloatBuffer images() {
        return images.buffer();
    }

    /**
     * Sets the captions of the next step.
     *
     * @param captions token ids of each, the end token last and nothing after it: one of each picture, then one of each
     *     class
     * @param fits [batch, batch]: shares of 1 in which the caption of the column fits the picture of the row; no row and no
     *     column is 0
     * @param classes [batch, classes]: shares of the classes in each picture, with the sum 1, or 0 for none
     * @throws IllegalArgumentException if there are not as many captions as {@link Size} says, they exceed
     *     the room, or one has a token that was not announced
     */
    public void setCaptions(List<int[]> captions, float[] fits, float[] classes) {
        PackedCaptions packed = PackedCaptions.of(captions, size, tokens);
        put("tokens", packed.tokens());
        put("places", packed.places());
        put("starts", packed.starts());
        put("fits", fits);
        if (size.classes > 0) {
            put("classes", classes);
        }
    }

    /**
     * Sets the teacher's features of the next step's images.
     *
     * @param features of length 1, [batch, embed]
     */
    public void setTeacher(FeatureMatrix features) {
        put("teacher", features.times(-distillation / size.batch).toArray());
    }

    private void put(String input, float[] source) {
        for (ExecutionPlan each : lossPlan == null ? List.of(plan) : List.of(plan, lossPlan)) {
            ArrayValues.of(each.input(input)).fill(source);
        }
    }

    /** Sets the images of a model for checking gradients. */
    void setImages(float[] pixels) {
        images.buffer().put(0, pixels);
        put("images", pixels);
    }

    /**
     * Computes the loss of the images and captions that were set, and the gradients.
     *
     * @return the contrastive loss, plus the class losses where there are classes, plus the weighted mean of 1 − cosine to
     *     the teacher's features where there is a teacher
     */
    public double step() {
        images.store();
        plan.run();
        gradients.values().forEach(ArrayValues::load);
        return ArrayValues.scalar(plan.output("loss")) + distillation;
    }

    /** Returns the loss alone, of a model for checking gradients. */
    double loss() {
        lossPlan.run();
        return ArrayValues.scalar(lossPlan.output("loss")) + distillation;
    }

    /** Returns the plan of a step, for measuring and checking. */
    public ExecutionPlan plan() {
        return plan;
    }

    TrainedParameters parameters() {
        return parameters;
    }

    /**
     * Returns everything that is trained, in a fixed order; {@link #takeValues} is to be called when its
     * values were changed.
     */
    public List<TrainedArray> arrays() {
        List<TrainedArray> arrays = new ArrayList<>();
        parameters
                .entries()
                .forEach((name, entry) -> arrays.add(new TrainedArray(
                        name,
                        entry.matrix(),
                        values.get(name).buffer(),
                        gradients.get(name).buffer())));
        return arrays;
    }

    /** Returns the logit scale, a logarithm. */
    public double logitScale() {
        return values.get(LOGIT_SCALE).buffer().get(0);
    }

    /**
     * Takes the values of {@link #arrays} as they are now, the logit scale brought back to 0 to
     * {@link #MAX_LOGIT_SCALE}.
     */
    public void takeValues() {
        double clamped = Math.min(MAX_LOGIT_SCALE, Math.max(0, logitScale()));
        values.get(LOGIT_SCALE).buffer().put(0, (float) clamped);
        values.values().forEach(ArrayValues::store);
    }

    /**
     * Writes the model as it is now, an ordinary converted model.
     *
     * @param type element type of all tensors
     * @param source where it says that its weights come from
     */
    public void write(Path target, DType type, ModelMetadata.SourceInfo source) throws IOException {
        ModelMetadata written =
                new ModelMetadata(architecture(), metadata.activation(), metadata.preprocessing(), source);
        List<TensorSpec> specs = architecture().tensorSpecs(type);
        try (SafetensorsWriter writer = SafetensorsWriter.create(target, specs, written.toMap())) {
            for (TensorSpec spec : specs) {
                writer.writeFloats(
                        spec.name(), spec.name().equals(TOKENS) ? wholeTable() : parameters.tensor(spec.name()));
            }
            writer.commit();
        }
    }

    private float[] wholeTable() {
        ClipConfig.Text text = architecture().text();
        int width = text.width();
        float[] some = ArrayValues.of(parameters.entries().get(TOKENS).array()).toArray();
        float[] all = new float[Math.multiplyExact(text.vocabularySize(), width)];
        for (int i = 0; i < tokens.length; i++) {
            System.arraycopy(some, i * width, all, tokens[i] * width, width);
        }
        return all;
    }

    /** Frees the plan and what is trained; what {@link #arrays} gave may not be used afterwards. */
    @Override
    public void close() {
        plan.close();
        if (lossPlan != null) {
            lossPlan.close();
        }
        parameters.close();
    }
}
