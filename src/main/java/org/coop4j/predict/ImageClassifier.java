package org.coop4j.predict;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.stream.IntStream;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.ImageEncoder.Encoded;
import org.coop4j.image.ExifOrientation;
import org.coop4j.image.ImageDecoder;
import org.coop4j.image.PixelReader;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.run.Run;

/**
 * Classifies images with a learned or hand-written classifier: one model in memory, for any number
 * of threads.
 *
 * <pre>{@code
 * try (ImageClassifier classifier = ImageClassifier.load(Path.of("run"))) {
 *     List<Prediction> ranked = classifier.classify(Path.of("photo.jpg"));
 *     System.out.println(ranked.get(0).label() + " " + ranked.get(0).probability());
 * }
 * }</pre>
 *
 * <p>Thread-safe. Images that threads bring at the same time are encoded together, in batches of whatever size is
 * fastest; what is encoded beside an image shows in its result by float32 rounding at most. An interrupt does not cut a
 * call short and disturbs no other thread; whoever may have to stop waiting calls {@link #submit}.
 * Closing it waits for the calls at work; later calls throw an {@link IllegalStateException}.
 */
public final class ImageClassifier implements AutoCloseable {

    private final Clip clip;
    private final Classifier classifier;
    private final boolean owner;
    private final PixelReader reader;
    private final BatchQueue queue;
    private final AtomicBoolean closed = new AtomicBoolean();

    /** Read by calls at work; written once, by closing. */
    private final ReentrantReadWriteLock use = new ReentrantReadWriteLock();

    private ImageClassifier(
            Clip clip, Classifier classifier, PredictionLimits limits, ExifOrientation exif, boolean owner) {
        this.clip = clip;
        this.classifier = classifier;
        this.owner = owner;
        this.reader = new PixelReader(new ImageDecoder(limits.maxPixels()), clip.preprocessing(), exif);
        this.queue = new BatchQueue(limits, this::encode);
    }

    /** Opens a learned classifier of any method, and its model, with the standard limits. */
    public static ImageClassifier load(Path run) throws IOException {
        return load(run, PredictionLimits.standard());
    }

    /**
     * Opens a learned classifier of any method, and the model that it was learned with, which is
     * looked for where it was then, beside the classifier, and among what is shipped.
     *
     * @param run the folder of a run, or a classifier's file
     * @throws IOException if there is no classifier, it is damaged, or its model is not found
     */
    public static ImageClassifier load(Path run, PredictionLimits limits) throws IOException {
        Path file = ClassifierModel.classifierFile(run);
        ClassifierFile learned = ClassifierFile.read(file);
        Path model = ClassifierModel.find(learned, file, "open it with Clip.open and use ImageClassifier.of");
        Clip clip = Clip.open(model);
        try {
            return new ImageClassifier(clip, learned.open(clip), limits, orientation(learned), true);
        } catch (IllegalArgumentException e) {
            clip.close();
            throw new IOException(model + ": " + e.getMessage(), e);
        } catch (IOException | RuntimeException | Error e) {
            clip.close();
            throw e;
        }
    }

    /** Uses a model and a classifier, which stay the caller's, with the standard limits. */
    public static ImageClassifier of(Clip clip, Classifier classifier) {
        return of(clip, classifier, PredictionLimits.standard());
    }

    /** Uses a model and a classifier, which stay the caller's to close, after this. */
    public static ImageClassifier of(Clip clip, Classifier classifier, PredictionLimits limits) {
        return new ImageClassifier(clip, classifier, limits, ExifOrientation.APPLY, false);
    }

    /** The same, with another treatment of EXIF orientations than to apply them. */
    public static ImageClassifier of(Clip clip, Classifier classifier, ExifOrientation exif) {
        return new ImageClassifier(clip, classifier, PredictionLimits.standard(), exif, false);
    }

    /** What a classifier was told to do with EXIF orientations; to apply them, if nothing. */
    public static ExifOrientation orientation(ClassifierFile learned) {
        String told = learned.training().get(Run.EXIF);
        return told == null ? ExifOrientation.APPLY : ExifOrientation.named(told);
    }

    /** The classes. */
    public List<String> classNames() {
        return classifier.classNames();
    }

    /** What it classifies with: its file says the method, its settings and how it was trained. */
    public Classifier classifier() {
        return classifier;
    }

    /** Batches of waiting images whose encoding has begun, since it was opened. */
    public long batches() {
        return queue.batches();
    }

    /** Images that wait to be encoded. */
    public int waiting() {
        return queue.size();
    }

    /**
     * Classifies an image.
     *
     * @return all classes, the most probable first
     * @throws IOException if the image cannot be read or decoded
     */
    public List<Prediction> classify(InputImage image) throws IOException {
        return whileOpen(() -> ranked(features(image)));
    }

    /** Classifies an image file. */
    public List<Prediction> classify(Path file) throws IOException {
        return classify(InputImage.of(file));
    }

    /** Classifies an image file's content. */
    public List<Prediction> classify(byte[] content) throws IOException {
        return classify(InputImage.of(content));
    }

    /** Classifies an image file's content, read to the end of the stream. */
    public List<Prediction> classify(InputStream content) throws IOException {
        return classify(InputImage.of(content));
    }

    /** Classifies an image that Java has decoded. */
    public List<Prediction> classify(BufferedImage image) throws IOException {
        return classify(InputImage.of(image));
    }

    /**
     * Classifies images.
     *
     * @return for each image all classes, the most probable first
     * @throws IOException if an image cannot be read or decoded, the first of them
     */
    public List<List<Prediction>> classifyAll(List<InputImage> images) throws IOException {
        return whileOpen(() -> {
            List<List<Prediction>> all = new ArrayList<>();
            float[][] rows = encode(images).all().toRows();
            for (float[] features : rows) {
                all.add(ranked(features));
            }
            return all;
        });
    }

    /**
     * Classifies any number of images, some at a time, in turn with other threads; those that
     * cannot be read leave the others as they are.
     *
     * @param listener is told of each image, in order, on the calling thread
     */
    public void classifyEach(List<InputImage> images, Listener listener) {
        whileOpen(() -> {
            int part = clip.imageEncoder(classifier.features()).part();
            for (int from = 0; from < images.size(); from += part) {
                Encoded encoded = encode(images.subList(from, Math.min(images.size(), from + part)));
                for (int i = 0; i < encoded.features().size(); i++) {
                    IOException problem = encoded.problems().get(i);
                    if (problem == null) {
                        listener.predicted(from + i, ranked(encoded.features().get(i)));
                    } else {
                        listener.failed(from + i, problem);
                    }
                }
            }
            return null;
        });
    }

    /**
     * What a classifier encodes together, and what it refuses.
     *
     * @param maxBatch the most images that are encoded together, 1 or more
     * @param maxDelay how long a submitted image waits for others at most, once the images before it
     *     are encoded; 0 or more
     * @param queueCapacity the most images that wait, 1 or more
     * @param maxPixels the most pixels that an image may have
     */
    public record PredictionLimits(int maxBatch, Duration maxDelay, int queueCapacity, long maxPixels) {

        public PredictionLimits {
            requirePositive("maxBatch", maxBatch);
            requirePositive("queueCapacity", queueCapacity);
            requirePositive("maxPixels", maxPixels);
            if (maxDelay.isNegative()) {
                throw new IllegalArgumentException("maxDelay: expected 0 or more, got " + maxDelay);
            }
        }

        private static void requirePositive(String name, long value) {
            if (value < 1) {
                throw new IllegalArgumentException(name + ": expected 1 or more, got " + value);
            }
        }

        /** Batches of 32 images, 2 milliseconds, 256 images, and Pillow's limit of pixels. */
        public static PredictionLimits standard() {
            return new PredictionLimits(32, Duration.ofMillis(2), 256, ImageDecoder.DEFAULT_MAX_PIXELS);
        }
    }

    /** Is told what comes of each of many images. */
    public interface Listener {

        /**
         * Image {@code index} was classified.
         *
         * @param ranked all classes, the most probable first
         */
        void predicted(int index, List<Prediction> ranked);

        /** Image {@code index} cannot be read or decoded; the rest goes on. */
        void failed(int index, IOException problem);
    }

    /**
     * An image's features as the image tower gives them, not normalised: those that the classifier
     * takes.
     *
     * @return [{@link Clip#featureWidth}]
     * @throws IOException if the image cannot be read or decoded
     */
    public float[] embed(InputImage image) throws IOException {
        return whileOpen(() -> features(image));
    }

    /** Classifies an image file's content later, together with others. */
    public CompletableFuture<List<Prediction>> submit(byte[] content) {
        return submit(InputImage.of(content));
    }

    /**
     * Classifies an image later, together with others.
     *
     * @return all classes, the most probable first; or the exception of this image, which leaves
     *     the others as they are. One that is cancelled before its batch begins is not encoded.
     *     What depends on it runs on the thread that all images wait for, unless it is made with
     *     one of the methods that are called Async.
     * @throws java.util.concurrent.RejectedExecutionException if as many images wait as may
     */
    public CompletableFuture<List<Prediction>> submit(InputImage image) {
        return whileOpen(() -> queue.offer(image, this::ranked));
    }

    private float[] features(InputImage image) throws IOException {
        try {
            return queue.put(image).join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof IOException problem) {
                throw problem;
            }
            throw e;
        }
    }

    private Encoded encode(List<InputImage> images) {
        return clip.imageEncoder(classifier.features())
                .encodeQuickly(images.size(), (index, target, offset) -> images.get(index)
                        .read(reader, target, offset));
    }

    /** The first of equal classes stays first. */
    private List<Prediction> ranked(float[] features) {
        FeatureMatrix image = FeatureMatrix.of(1, features.length, features);
        float[] logits = classifier.logits(image).row(0);
        double[] probabilities = classifier.probabilities(logits);
        return IntStream.range(0, logits.length)
                .boxed()
                .sorted((a, b) -> logits[a] == logits[b] ? 0 : logits[a] > logits[b] ? -1 : 1)
                .map(c -> new Prediction(classNames().get(c), probabilities[c]))
                .toList();
    }

    /** Something that needs the model. */
    @FunctionalInterface
    private interface Call<T, E extends Exception> {
        T run() throws E;
    }

    private <T, E extends Exception> T whileOpen(Call<T, E> call) throws E {
        if (!use.readLock().tryLock()) {
            throw closed();
        }
        try {
            if (closed.get()) {
                throw closed();
            }
            return call.run();
        } finally {
            use.readLock().unlock();
        }
    }

    private static IllegalStateException closed() {
        return new IllegalStateException("the classifier is closed");
    }

    /**
     * Waits for the calls at work and for what was submitted, then frees what {@link #load} opened.
     *
     * @throws IllegalStateException if called from within a call of its own
     */
    @Override
    public void close() throws IOException {
        if (use.getReadHoldCount() > 0 || queue.isOwnThread()) {
            throw new IllegalStateException(
                    "the classifier cannot be closed by what works with it: close it afterwards");
        }
        if (closed.getAndSet(true)) {
            return;
        }
        use.writeLock().lock();
        try {
            queue.close();
        } finally {
            use.writeLock().unlock();
        }
        if (owner) {
            classifier.close();
            clip.close();
        }
    }
}
