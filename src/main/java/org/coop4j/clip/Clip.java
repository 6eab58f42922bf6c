package org.coop4j.clip;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.coop4j.base.IoFunction;
import org.coop4j.clip.EncodingQueue.EncodingLimits;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.clip.ImageEncoder.Encoded;
import org.coop4j.eval.Predictions;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.graph.Linear;
import org.coop4j.graph.host.Backend;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.image.ExifOrientation;
import org.coop4j.image.ImageDecoder;
import org.coop4j.image.Preprocessing;
import org.coop4j.image.Preprocessing.PixelReader;
import org.coop4j.model.ClipConfig;
import org.coop4j.model.ConvertedModel;
import org.coop4j.text.Tokenizer;

/**
 * A CLIP model: images and texts to features, and features to class probabilities.
 *
 * <p>Opened from a file that {@code coop convert} wrote. Each tower's weights are read at first use. Any number of
 * threads may use a model: they take turns, each served by all of the model's own threads. Closing it waits for those
 * at work; later calls throw an {@link IllegalStateException}.
 */
public final class Clip implements FeatureSpace {

    private final NativeWeights weights;
    private final ModelHash hash;
    private final IoFunction<ConvertedModel, Tokenizer> vocabulary;
    private Tokenizer loadedVocabulary; // null until it is needed
    private final Map<FeatureKind, ImageEncoder> imageEncoders = new ConcurrentHashMap<>();
    private final PixelReader reader;
    private final EncodingQueue queue;

    /**
     * Options of a model.
     *
     * @param vocabulary returns the tokenizer of the model at first use
     * @param workers threads to work with; the model closes them
     * @param precision of the products in which images are encoded and prompts trained; empty for the fastest of this
     *     model on this processor
     */
    public record Options(
            IoFunction<ConvertedModel, Tokenizer> vocabulary, Workers workers, Optional<Precision> precision) {

        /** Options of a model that computes in this precision. */
        public Options(IoFunction<ConvertedModel, Tokenizer> vocabulary, Workers workers, Precision precision) {
            this(vocabulary, workers, Optional.of(precision));
        }

        /** Returns the model's own vocabulary and all cores. */
        public static Options in(Precision precision) {
            return new Options(Tokenizer::of, Workers.standard(), precision);
        }
    }

    /** Pixels of a side below which starting oneDNN and rounding weights takes longer than bfloat16 saves. */
    private static final int SMALL_IMAGES = 128;

    private static final int SAMPLED_TOKENS = 1000;

    /** Floating-point operations of images that no processor takes long for. */
    private static final double FEW_FLOPS = 2e12;

    private Clip(ConvertedModel model, Options options, Precision precision) {
        hash = new ModelHash(model.weights());
        vocabulary = options.vocabulary();
        weights = new NativeWeights(model, options.workers(), precision);
        EncodingLimits limits = EncodingLimits.standard();
        reader = limits.reader(this, ExifOrientation.APPLY);
        queue = EncodingQueue.of(this, limits, reader);
    }

    /**
     * Opens a converted model with its own vocabulary and all cores, in float32.
     *
     * @throws IOException if the file is not a converted model or cannot be read
     */
    public static Clip open(Path file) throws IOException {
        return open(file, Options.in(Precision.FLOAT32));
    }

    /**
     * Opens a converted model.
     *
     * @throws IOException if the file is not a converted model or cannot be read
     * @throws IllegalArgumentException if this process cannot compute in the precision, with the reason
     */
    public static Clip open(Path file, Options options) throws IOException {
        Backend.startAhead();
        return of(ConvertedModel.open(file), options);
    }

    /**
     * Returns a CLIP of an open model, which it owns.
     *
     * @throws IllegalArgumentException if this process cannot compute in the precision, with the reason
     */
    public static Clip of(ConvertedModel model, Options options) throws IOException {
        try {
            return new Clip(
                    model,
                    options,
                    options.precision().orElseGet(() -> fastest(model)).required());
        } catch (RuntimeException e) {
            model.close();
            throw e;
        }
    }

    /** Returns float32 for a model of small images, otherwise the fastest precision of this process. */
    private static Precision fastest(ConvertedModel model) {
        boolean isSmall = model.architecture().vision().imageSize() < SMALL_IMAGES;
        return isSmall ? Precision.FLOAT32 : Precision.fastest();
    }

    /**
     * Opens the small CLIP that comes with coop4j ({@link ShippedModel}), unpacked in the user's cache.
     *
     * @throws IOException if the cache cannot be written
     */
    public static Clip shipped() throws IOException {
        return open(ShippedModel.cached());
    }

    /** Returns the converted model file. */
    public ConvertedModel model() {
        return weights.model();
    }

    /** Returns the sizes of both towers. */
    public ClipConfig architecture() {
        return weights.architecture();
    }

    /**
     * Returns the tokenizer that turns texts into token ids.
     *
     * @throws UncheckedIOException if the model's vocabulary is missing or cannot be read
     */
    public synchronized Tokenizer tokenizer() {
        if (loadedVocabulary == null) {
            try {
                loadedVocabulary = vocabulary.apply(model());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
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
        return weights.workers();
    }

    /**
     * The precision of the products in which images are encoded and prompts trained. Features of texts are always
     * float32.
     */
    @Override
    public Precision precision() {
        return weights.precision();
    }

    /** Returns the conversion of images to pixels for this model. */
    public Preprocessing preprocessing() {
        return new Preprocessing(model().preprocessing());
    }

    @Override
    public float logLogitScale() {
        return weights.lock().hold(() -> weights.floats("logit_scale")[0]);
    }

    /** Returns SigLIP's {@code logit_bias}, which is added to the scaled cosine; empty for other models. */
    public Optional<Float> logitBias() {
        return architecture().family() == ClipConfig.Family.SIGLIP
                ? Optional.of(weights.lock().hold(() -> weights.floats("logit_bias")[0]))
                : Optional.empty();
    }

    @Override
    public boolean knows(String text) {
        return true;
    }

    @Override
    public void requireText(String text) {
        tokenizer().tokenize(text, architecture().text().contextLength());
    }

    /** Returns features of texts, not normalised, one row each; a text that exceeds the context length is an error. */
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

    /**
     * Returns features of token sequences, not normalised, one row each. Tokens after the end token (the first place of
     * a sequence's largest id) are ignored.
     */
    public FeatureMatrix encodeTokens(List<int[]> sequences) {
        return weights.lock().hold(() -> {
            weights.preload("transformer.");
            return new TextEncoder(weights).encode(sequences);
        });
    }

    /**
     * Returns features of image files with the model's own preprocessing, upright as their EXIF orientation says, not
     * normalised, one row each.
     *
     * @throws IOException if an image cannot be read or decoded, naming it
     */
    public FeatureMatrix encodeImages(List<Path> files) throws IOException {
        return encodeImages(files, FeatureKind.EMBEDDED, ExifOrientation.APPLY);
    }

    /**
     * Returns features of image files with the model's own preprocessing, not normalised, one row each.
     *
     * @throws IOException if an image cannot be read or decoded, naming it
     */
    public FeatureMatrix encodeImages(List<Path> files, FeatureKind kind, ExifOrientation exif) throws IOException {
        PixelReader reader = new PixelReader(new ImageDecoder(), preprocessing(), exif);
        return imageEncoder(kind)
                .encode(files.size(), (i, target, offset) -> reader.read(files.get(i), target, offset))
                .all();
    }

    /**
     * Returns features of images, a few faster than a full batch, not normalised.
     *
     * @param reader reads the images
     */
    public Encoded encodeImages(List<InputImage> images, FeatureKind kind, PixelReader reader) {
        return imageEncoder(kind).encodeQuickly(images.size(), (i, target, offset) -> images.get(i)
                .read(reader, target, offset));
    }

    /**
     * Returns the unit vector of an image, whose inner product with that of a text or an image is their cosine. Images
     * and texts of several threads are encoded together; the others change a vector by float32 rounding at most.
     *
     * @return [{@link #embedDim}]
     * @throws IOException if the image cannot be read or decoded
     */
    public float[] embed(InputImage image) throws IOException {
        return FeatureMatrix.unit(queue.encode(new EncodingQueue.Image(image, FeatureKind.EMBEDDED)));
    }

    /**
     * Returns the unit vector of a text, as that of an image.
     *
     * @return [{@link #embedDim}]
     * @throws org.coop4j.text.Tokenizer.TextTooLongException if it exceeds the context length
     */
    public float[] embed(String text) {
        requireText(text);
        try {
            return FeatureMatrix.unit(queue.encode(new EncodingQueue.Text(text)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Returns unit vectors of images, one row each.
     *
     * @throws IOException if an image cannot be read or decoded; the first such error
     */
    public FeatureMatrix embedImages(List<InputImage> images) throws IOException {
        return encodeImages(images, FeatureKind.EMBEDDED, reader).all().normalized();
    }

    /**
     * Returns unit vectors of texts, one row each.
     *
     * @throws org.coop4j.text.Tokenizer.TextTooLongException if a text exceeds the context length
     */
    public FeatureMatrix embedTexts(List<String> texts) {
        return encodeTexts(texts).normalized();
    }

    /** Returns features of preprocessed images [n, 3, side, side], row after row, not normalised. */
    public FeatureMatrix encodePixels(FloatBuffer pixels, int n) {
        int side = architecture().vision().imageSize();
        int length = 3 * side * side;
        try {
            return imageEncoder()
                    .encode(n, (i, target, offset) -> target.put(offset, pixels, i * length, length))
                    .all();
        } catch (IOException e) {
            throw new IllegalStateException("pixels in memory could not be read", e);
        }
    }

    /** Returns the image tower, for long lists of images, some of them perhaps damaged. */
    public ImageEncoder imageEncoder() {
        return imageEncoder(FeatureKind.EMBEDDED);
    }

    /** Returns the image tower with features of a kind. */
    public ImageEncoder imageEncoder(FeatureKind kind) {
        return weights.lock().hold(() -> {
            weights.preload("visual.");
            return imageEncoders.computeIfAbsent(kind, k -> new ImageEncoder(weights, k));
        });
    }

    /**
     * Returns the weights of a changed tower that replace the model's, by name; none for other kinds.
     *
     * @throws UnsupportedOperationException if images have further rows
     */
    public Map<String, float[]> changedWeights(FeatureKind kind) {
        return weights.lock().hold(() -> imageEncoder(kind).changedWeights());
    }

    /** Frees what encoding by a changed tower has allocated; the next image allocates it again. */
    public void release(FeatureKind kind) {
        if (kind instanceof FeatureKind.Changed && imageEncoders.containsKey(kind)) {
            weights.lock().hold(() -> {
                ImageEncoder known = imageEncoders.remove(kind); // null if another thread was first
                if (known != null) {
                    known.close();
                }
                return null;
            });
        }
    }

    /** Returns the width of features of a kind. */
    public int featureWidth(FeatureKind kind) {
        return ImageEncoder.width(kind, architecture());
    }

    /** Returns the last layer of the image tower. */
    public VisualProjection visualProjection() {
        return weights.lock().hold(() -> VisualProjection.of(weights));
    }

    /**
     * Returns class probabilities of images: softmax over exp(logit_scale) · cosine.
     *
     * @param images features of images
     * @param classes features of the classes' texts, one row per class
     * @return [images][classes]
     */
    public float[][] probabilities(FeatureMatrix images, FeatureMatrix classes) {
        FeatureMatrix cosines = images.normalized().products(classes.normalized());
        float[][] rows = cosines.times(logitScale()).toRows();
        for (float[] row : rows) {
            double[] p = Predictions.softmax(row);
            for (int c = 0; c < p.length; c++) {
                row[c] = (float) p[c];
            }
        }
        return rows;
    }

    /**
     * Returns the probability of each class by itself, whatever the others are: SigLIP's sigmoid of exp(logit_scale) · cosine
     * + logit_bias. Those of an image do not sum to one.
     *
     * @return [images][classes]
     * @throws IllegalArgumentException if the model is not a SigLIP, which has no bias
     */
    public float[][] independentProbabilities(FeatureMatrix images, FeatureMatrix classes) {
        float[][] rows = independentLogits(images, classes);
        for (float[] row : rows) {
            for (int c = 0; c < row.length; c++) {
                row[c] = (float) (1 / (1 + Math.exp(-(double) row[c])));
            }
        }
        return rows;
    }

    /**
     * Returns SigLIP's logits: exp(logit_scale) · cosine + logit_bias.
     *
     * @return [images][classes]
     * @throws IllegalArgumentException if the model is not a SigLIP, which has no bias
     */
    public float[][] independentLogits(FeatureMatrix images, FeatureMatrix classes) {
        float bias = logitBias()
                .orElseThrow(() ->
                        new IllegalArgumentException("independent probabilities need a SigLIP, and the model is a "
                                + architecture().family().title()));
        float[][] rows = images.normalized()
                .products(classes.normalized())
                .times(logitScale())
                .toRows();
        for (float[] row : rows) {
            for (int c = 0; c < row.length; c++) {
                row[c] += bias;
            }
        }
        return rows;
    }

    /**
     * Returns the frozen text tower over prompts with learned vectors.
     *
     * @param prompts tokens of each class's prompt, context vectors written as {@link PackedPrompts#context}; the end
     *     token last and nothing after it. Without a mask the context is filled up with padding.
     */
    public PromptEncoder promptEncoder(List<int[]> prompts) {
        List<int[]> whole = prompts.stream().map(this::padded).toList();
        return weights.lock().hold(() -> {
            weights.preload("transformer.");
            return new PromptEncoder(weights, whole);
        });
    }

    private int[] padded(int[] prompt) {
        ClipConfig.Text text = architecture().text();
        if (!text.unmasked() || text.averaged() || prompt.length >= text.contextLength()) {
            return prompt;
        }
        int[] padded = Arrays.copyOf(prompt, text.contextLength());
        Arrays.fill(padded, prompt.length, padded.length, tokenizer().frame().padding());
        return padded;
    }

    @Override
    public Step step(List<LearnedTensor> learned, int batch, int width, int classes, StepGraph.Loss loss) {
        StepGraph.Shape shape = new StepGraph.Shape(batch, width, logLogitScale(), true, weights.lock());
        return Step.ofFeatures(shape, learned, classes, loss, workers());
    }

    /**
     * Estimates the seconds that learned prompts take in a text tower without a mask, where they share nothing, by the speed
     * of a matrix product now; 0 with a mask.
     *
     * @param prompts number of passes forward and back
     */
    public double secondsOfPrompts(double prompts) {
        ClipConfig.Text text = architecture().text();
        if (prompts == 0 || !text.unmasked()) {
            return 0;
        }
        double ofRow = text.width() * (8.0 * text.width() + 4.0 * text.mlpWidth() + 4.0 * promptRows());
        // Back, only the gradient of the input is made.
        return 2 * prompts * text.layers() * promptRows() * ofRow / speed();
    }

    /** Returns the rows of a learned prompt without a mask: the whole context, or in TIPS those of 16 vectors and a name. */
    public int promptRows() {
        ClipConfig.Text text = architecture().text();
        return text.averaged() ? Math.min(20, text.contextLength()) : text.contextLength();
    }

    /**
     * Estimates the seconds that the image tower takes for images, by the speed of a matrix product now; 0 where that is
     * seconds on any processor, and for a ResNet.
     */
    public double secondsOfImages(int images) {
        if (!(architecture().vision() instanceof ClipConfig.Vit vit)) {
            return 0;
        }
        double ofRow =
                vit.width() * (8.0 * vit.width() + (vit.gated() ? 6.0 : 4.0) * vit.mlpWidth() + 4.0 * vit.tokens());
        double all = images * vit.layers() * vit.tokens() * ofRow;
        return all < FEW_FLOPS ? 0 : all / speed();
    }

    /** Returns floating-point operations per second. */
    private double speed() {
        double[] squares = weights.lock().hold(() -> Linear.squares(workers(), precision()));
        return Linear.SQUARE_FLOPS / squares[squares.length / 2];
    }

    /** Returns a copy of a weight, row after row. */
    public float[] weight(String name) {
        return weights.lock().hold(() -> weights.floats(name));
    }

    /** Returns a copy of a token's embedding, [text width]. */
    public float[] tokenEmbedding(int id) {
        return weights.lock().hold(() -> TextTransformer.embedding(weights, id));
    }

    /** Returns the standard deviation of the tokens' embeddings, by rows from all over the table. */
    public double tokenDeviation() {
        ClipConfig.Text text = architecture().text();
        int rows = Math.min(SAMPLED_TOKENS, text.vocabularySize());
        double sum = 0;
        double squares = 0;
        for (int i = 0; i < rows; i++) {
            for (float x : tokenEmbedding((int) ((long) i * text.vocabularySize() / rows))) {
                sum += x;
                squares += (double) x * x;
            }
        }
        double n = (double) rows * text.width();
        return Math.sqrt(squares / n - sum / n * sum / n);
    }

    /**
     * Waits until no other thread uses the model, then ends its threads and frees its memory.
     *
     * @throws IllegalStateException if called from within the model's own work
     */
    @Override
    public void close() throws IOException {
        weights.lock().close(() -> {
            imageEncoders.clear();
            weights.close();
            model().close();
            return null;
        });
        queue.close();
    }
}
