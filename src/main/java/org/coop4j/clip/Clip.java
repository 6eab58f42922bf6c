package org.coop4j.clip;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.coop4j.graph.host.Backend;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.image.ExifOrientation;
import org.coop4j.image.ImageDecoder;
import org.coop4j.image.PixelReader;
import org.coop4j.image.Preprocessing;
import org.coop4j.text.Tokenizer;
import org.coop4j.weights.model.ClipConfig;
import org.coop4j.weights.model.ConvertedModel;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * A CLIP model: images and texts to features, and features to class probabilities.
 *
 * <p>Opened from a file that {@code coop convert} wrote. Weights are read when they are first
 * needed, the image tower's and the text tower's apart. Any number of threads may use it: they take
 * turns, each served by all of the model's own threads. Closing it waits for those at work; later
 * calls throw an {@link IllegalStateException}.
 */
public final class Clip implements FeatureSpace {

    private final ConvertedModel model;
    private final ModelHash hash;
    private final ModelLock lock = new ModelLock();
    private final NativeWeights weights;
    private final Workers workers;
    private final Precision precision;
    private final Supplier<Tokenizer> vocabulary;
    private Tokenizer loadedVocabulary; // null until it is needed
    private final TextEncoder textEncoder;
    private final Map<FeatureKind, ImageEncoder> imageEncoders = new EnumMap<>(FeatureKind.class);

    private Clip(
            ConvertedModel model,
            Supplier<Tokenizer> vocabulary,
            Workers workers,
            Precision precision) {
        this.model = model;
        this.hash = new ModelHash(model.weights());
        this.precision = precision;
        this.vocabulary = vocabulary;
        this.workers = workers;
        this.weights = new NativeWeights(model.weights());
        this.textEncoder =
                new TextEncoder(weights, model.architecture().text(), model.activation(), workers);
        for (FeatureKind kind : FeatureKind.values()) {
            imageEncoders.put(
                    kind,
                    new ImageEncoder(
                            lock,
                            new ImagePlans(
                                    weights,
                                    model.architecture(),
                                    model.activation(),
                                    workers,
                                    precision,
                                    kind),
                            ImageEncoder.Batching.standard()));
        }
    }

    /**
     * Opens a converted model.
     *
     * @throws IOException if the file is not a converted model or cannot be read
     */
    public static Clip open(Path file) throws IOException {
        return open(file, Precision.FLOAT32);
    }

    /**
     * Opens a converted model to encode images and train prompts in a precision.
     *
     * @throws IOException if the file is not a converted model or cannot be read
     * @throws UnsupportedOperationException if this process cannot compute with it, saying why
     */
    public static Clip open(Path file, Precision precision) throws IOException {
        return open(file, Tokenizer::load, Workers.standard(), precision);
    }

    /**
     * Opens the small CLIP that comes with coop4j ({@link ShippedModel}), unpacked in the user's
     * cache.
     *
     * @throws IOException if the cache cannot be written
     */
    public static Clip shipped() throws IOException {
        return open(ShippedModel.cached());
    }

    /** Opens a converted model with another vocabulary or other threads, which it closes. */
    public static Clip open(Path file, Tokenizer tokenizer, Workers workers) throws IOException {
        return open(file, () -> tokenizer, workers, Precision.FLOAT32);
    }

    /** The same in a precision, with a vocabulary that is read when it is first needed. */
    public static Clip open(
            Path file, Supplier<Tokenizer> tokenizer, Workers workers, Precision precision)
            throws IOException {
        Backend.startAhead();
        return new Clip(ConvertedModel.open(file), tokenizer, workers, precision.required());
    }

    /** The converted file behind it. */
    public ConvertedModel model() {
        return model;
    }

    /** Sizes of both towers. */
    public ClipConfig architecture() {
        return model.architecture();
    }

    /** The tokenizer that turns texts into token ids. */
    public synchronized Tokenizer tokenizer() {
        if (loadedVocabulary == null) {
            loadedVocabulary = vocabulary.get();
        }
        return loadedVocabulary;
    }

    @Override
    public int embedDim() {
        return architecture().embedDim();
    }

    @Override
    public String modelSha256() throws IOException {
        return hash.get();
    }

    @Override
    public Optional<Clip> towers() {
        return Optional.of(this);
    }

    @Override
    public Workers workers() {
        return workers;
    }

    /**
     * The precision of products in which images are encoded and prompts trained. Features of texts
     * are float32 always.
     */
    @Override
    public Precision precision() {
        return precision;
    }

    /** How images are turned into pixels for this model. */
    public Preprocessing preprocessing() {
        return Preprocessing.of(model.preprocessing());
    }

    @Override
    public float logLogitScale() {
        return lock.hold(() -> weights.floats("logit_scale")[0]);
    }

    @Override
    public boolean knows(String text) {
        return true;
    }

    @Override
    public void requireText(String text) {
        tokenizer().tokenize(text, architecture().text().contextLength());
    }

    /** The same; a text that exceeds the context length is an error. */
    public FeatureMatrix encodeTexts(List<String> texts) {
        return encodeTexts(texts, Tokenizer.Overflow.FAIL);
    }

    @Override
    public FeatureMatrix encodeTexts(List<String> texts, Tokenizer.Overflow overflow) {
        int length = architecture().text().contextLength();
        List<int[]> prompts = new ArrayList<>();
        for (String text : texts) {
            prompts.add(tokenizer().tokenize(text, length, overflow));
        }
        return encodeTokens(prompts);
    }

    @Override
    public double tokenWork() {
        return textEncoder.tokenWork();
    }

    /**
     * Features of token sequences, not normalised, one row each; what follows the end token (the
     * largest id of a sequence, at its first place) is ignored.
     */
    public FeatureMatrix encodeTokens(List<int[]> sequences) {
        return lock.hold(
                () -> {
                    weights.preload("transformer.", workers);
                    return textEncoder.encode(sequences, embedDim());
                });
    }

    /**
     * Features of image files with the model's own preprocessing, upright as their EXIF orientation
     * says, not normalised, one row each.
     *
     * @throws IOException if an image cannot be read or decoded, naming it
     */
    public FeatureMatrix encodeImages(List<Path> files) throws IOException {
        return encodeImages(files, FeatureKind.EMBEDDED, ExifOrientation.APPLY);
    }

    /** The same with the rows that a classifier takes. */
    public FeatureMatrix encodeImages(List<Path> files, FeatureKind kind) throws IOException {
        return encodeImages(files, kind, ExifOrientation.APPLY);
    }

    /**
     * Features of image files with the model's own preprocessing, not normalised, one row each.
     *
     * @param exif what is done with their EXIF orientation
     * @throws IOException if an image cannot be read or decoded, naming it
     */
    public FeatureMatrix encodeImages(List<Path> files, ExifOrientation exif) throws IOException {
        return encodeImages(files, FeatureKind.EMBEDDED, exif);
    }

    private FeatureMatrix encodeImages(List<Path> files, FeatureKind kind, ExifOrientation exif)
            throws IOException {
        return new ImageRows(imageEncoder(kind))
                .of(files, new PixelReader(new ImageDecoder(), preprocessing(), exif));
    }

    /** Features of preprocessed images [n, 3, side, side], row after row, not normalised. */
    public FeatureMatrix encodePixels(FloatBuffer pixels, int n) {
        return encodePixels(pixels, n, FeatureKind.EMBEDDED);
    }

    /** The same with the rows that a classifier takes. */
    public FeatureMatrix encodePixels(FloatBuffer pixels, int n, FeatureKind kind) {
        return new ImageRows(imageEncoder(kind)).of(pixels, n, architecture().vision().imageSize());
    }

    /** The image tower, for long lists of images with progress and with errors one by one. */
    public ImageEncoder imageEncoder() {
        return imageEncoder(FeatureKind.EMBEDDED);
    }

    /** The image tower whose features are rows of a kind. */
    public ImageEncoder imageEncoder(FeatureKind kind) {
        return lock.hold(
                () -> {
                    weights.preload("visual.", workers);
                    return imageEncoders.get(kind);
                });
    }

    /** Length of an image's row of a kind. */
    public int featureWidth(FeatureKind kind) {
        return imageEncoders.get(kind).width();
    }

    /** The layer that the image tower ends in. */
    public VisualProjection visualProjection() {
        return lock.hold(() -> VisualProjection.of(weights, architecture()));
    }

    /**
     * Class probabilities of images: softmax over exp(logit_scale) · cosine.
     *
     * @param images features of images
     * @param classes features of the classes' texts, one row a class
     * @return [images][classes]
     */
    public float[][] probabilities(FeatureMatrix images, FeatureMatrix classes) {
        return ClassProbabilities.of(images, classes, logitScale());
    }

    /**
     * The frozen text tower over prompts with learned vectors.
     *
     * @param prompts tokens of each class's prompt, a context vector written as {@link
     *     PackedPrompts#context}; the end token last and nothing after it
     */
    public PromptEncoder promptEncoder(List<int[]> prompts) {
        return lock.hold(
                () -> {
                    weights.preload("transformer.", workers);
                    return new PromptEncoder(
                            weights,
                            textEncoder::tower,
                            architecture().text().heads(),
                            workers,
                            precision,
                            lock,
                            prompts);
                });
    }

    @Override
    public Step step(
            List<LearnedTensor> learned,
            int batch,
            int width,
            int classes,
            Function<StepGraph, SDVariable> loss) {
        return lock.hold(
                () -> {
                    StepGraph.Shape shape =
                            new StepGraph.Shape(batch, width, weights.get("logit_scale"), lock);
                    return Step.ofFeatures(shape, learned, classes, loss, workers);
                });
    }

    /** A copy of a token's embedding, [text width]. */
    public float[] tokenEmbedding(int id) {
        return lock.hold(() -> new TokenEmbedding(weights).token(id));
    }

    /**
     * Waits for what other threads do with the model, then ends its threads and frees its memory.
     *
     * @throws IllegalStateException if called from within the model's own work
     */
    @Override
    public void close() throws IOException {
        lock.close(
                () -> {
                    workers.close();
                    imageEncoders.values().forEach(ImageEncoder::close);
                    weights.close();
                    model.close();
                    return null;
                });
    }
}
