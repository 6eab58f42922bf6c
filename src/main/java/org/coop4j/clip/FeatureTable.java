package org.coop4j.clip;

import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.graph.host.Backend;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.text.Tokenizer;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A space of features without the model that made them: some texts are known with their features,
 * and no other text or image can be encoded.
 */
public final class FeatureTable implements FeatureSpace {

    private final int width;
    private final Precision precision;
    private final String modelSha256;
    private final float logLogitScale;
    private final Map<String, float[]> texts;
    private final VisualProjection projection; // null where it is not known
    private final NativeWeights.Lock lock = new NativeWeights.Lock();
    private final Workers workers;
    private INDArray scale; // of the steps' graphs, made for the first

    private FeatureTable(
            int width,
            Precision precision,
            String modelSha256,
            float logLogitScale,
            Map<String, float[]> texts,
            VisualProjection projection,
            Workers workers) {
        this.width = width;
        this.precision = precision;
        this.modelSha256 = modelSha256;
        this.logLogitScale = logLogitScale;
        this.texts = texts;
        this.projection = projection;
        this.workers = workers;
    }

    /**
     * Features of some texts.
     *
     * @param precision what the images are encoded in
     * @param modelSha256 SHA-256 of the model file that made them; empty if unknown
     * @param logLogitScale CLIP's parameter {@code logit_scale}, whose exponential scales the
     *     logits
     * @param texts distinct; an underscore counts as a space
     * @param features a row a text, normalised or not
     * @param workers threads to work with, which it closes
     * @throws IllegalArgumentException if the sizes do not fit
     */
    public static FeatureTable of(
            Precision precision,
            String modelSha256,
            float logLogitScale,
            List<String> texts,
            FeatureMatrix features,
            Workers workers) {
        if (texts.size() != features.rows()) {
            throw new IllegalArgumentException(
                    "expected a row for each of %d texts, got %d".formatted(texts.size(), features.rows()));
        }
        Backend.startQuietly();
        Map<String, float[]> rows = new HashMap<>();
        for (int i = 0; i < texts.size(); i++) {
            rows.put(key(texts.get(i)), features.row(i));
        }
        return new FeatureTable(features.width(), precision, modelSha256, logLogitScale, rows, null, workers);
    }

    /**
     * This one, which the other takes the place of, with the layer that its images went through.
     */
    public FeatureTable with(VisualProjection layer) {
        return new FeatureTable(width, precision, modelSha256, logLogitScale, texts, layer, workers);
    }

    /** The space of another without its texts, for what was learned at another logit scale. */
    public static FeatureTable withoutTexts(FeatureSpace space, float logLogitScale) throws IOException {
        return new FeatureTable(
                space.embedDim(),
                space.precision(),
                space.modelSha256(),
                logLogitScale,
                Map.of(),
                null,
                space.workers());
    }

    /** Class names become texts with spaces for underscores. */
    private static String key(String text) {
        return text.replace('_', ' ');
    }

    @Override
    public int embedDim() {
        return width;
    }

    @Override
    public float logLogitScale() {
        return logLogitScale;
    }

    @Override
    public String modelSha256() {
        return modelSha256;
    }

    @Override
    public Precision precision() {
        return precision;
    }

    @Override
    public Workers workers() {
        return workers;
    }

    @Override
    public boolean knows(String text) {
        return texts.containsKey(key(text));
    }

    @Override
    public void requireText(String text) {
        if (!knows(text)) {
            throw new IllegalArgumentException(
                    texts.isEmpty()
                            ? "\"%s\" was not learned, and features of its text cannot be made: the classes' were given as a file"
                                    .formatted(text)
                            : "\"%s\" is none of the %d texts whose features are given: add it to --class-features, or give the model with --model"
                                    .formatted(text, texts.size()));
        }
    }

    @Override
    public FeatureMatrix encodeTexts(List<String> wanted, Tokenizer.Overflow overflow) {
        wanted.forEach(this::requireText);
        float[] rows = new float[Math.multiplyExact(wanted.size(), width)];
        for (int i = 0; i < wanted.size(); i++) {
            System.arraycopy(texts.get(key(wanted.get(i))), 0, rows, i * width, width);
        }
        return FeatureMatrix.of(wanted.size(), width, rows);
    }

    @Override
    public double tokenWork() {
        return 0;
    }

    @Override
    public Step step(
            List<LearnedTensor> learned, int batch, int imageWidth, int classes, Function<StepGraph, SDVariable> loss) {
        return lock.hold(() -> {
            scale = scale == null ? Nd4j.scalar(logLogitScale) : scale;
            StepGraph.Shape shape = new StepGraph.Shape(batch, imageWidth, scale, lock);
            return Step.ofFeatures(shape, learned, classes, loss, workers);
        });
    }

    @Override
    public VisualProjection requireVisualProjection(String what) {
        return projection == null ? FeatureSpace.super.requireVisualProjection(what) : projection;
    }

    @Override
    public Optional<Clip> towers() {
        return Optional.empty();
    }

    @Override
    public void close() {
        lock.close(() -> {
            workers.close();
            if (scale != null) {
                scale.close();
            }
            return null;
        });
    }
}
