package org.coop4j.predict;

import java.awt.Dimension;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.coop4j.base.InputException;
import org.coop4j.base.Numbers;
import org.coop4j.base.Require;
import org.coop4j.base.Sha256;
import org.coop4j.clip.Clip;
import org.coop4j.clip.EncodingQueue;
import org.coop4j.clip.EncodingQueue.EncodingLimits;
import org.coop4j.clip.EncodingQueue.Image;
import org.coop4j.clip.EncodingQueue.Input;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.ImageEncoder.Encoded;
import org.coop4j.clip.InputImage;
import org.coop4j.data.Examples;
import org.coop4j.data.RandomStream;
import org.coop4j.eval.Predictions;
import org.coop4j.image.ExifOrientation;
import org.coop4j.image.Preprocessing.PixelReader;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.ClassifierFile.Origin;
import org.coop4j.method.Method;

/**
 * Classifies images with a learned or hand-written classifier: one model in memory for any number of threads.
 *
 * <pre>{@code
 * try (ImageClassifier classifier = ImageClassifier.load(Path.of("run"))) {
 *     List<Prediction> ranked = classifier.classify(Path.of("photo.jpg"));
 *     System.out.println(ranked.get(0).label() + " " + ranked.get(0).probability());
 * }
 * }</pre>
 *
 * <p>A classifier of several labels per image predicts any number of them: those that are {@link Prediction#predicted}.
 *
 * <p>Thread-safe. Concurrent images are encoded together, in batches of the fastest size; the other images of a batch
 * change a result by float32 rounding at most. An interrupt does not end a call; use {@link #submit} to stop waiting.
 * {@link #reload} takes over a file that was replaced. Closing waits for running calls; later calls throw an {@link
 * IllegalStateException}.
 */
public final class ImageClassifier implements AutoCloseable {

    /** Squares that a check covers in turn. */
    private static final int SQUARES = 4;

    private final Clip clip;
    private final boolean ownsClip;
    private final ExifOrientation exif;
    private final PixelReader reader;
    private final EncodingQueue queue;
    private volatile Current current;
    private final AtomicBoolean closed = new AtomicBoolean();

    /** Read-locked by calls, write-locked once by closing. */
    private final ReentrantReadWriteLock use = new ReentrantReadWriteLock();

    /** A classifier, which is closed when another has taken its place and its last call has ended. */
    private static final class Current {
        private final AtomicInteger users = new AtomicInteger(1); // its place, and each call
        private final Classifier classifier;
        private final Source source; // null if the classifier is the caller's
        private final Learning.Account account; // null unless it was learned here

        Current(Classifier classifier, Source source, Learning.Account account) {
            this.classifier = classifier;
            this.source = source;
            this.account = account;
        }

        /** Adds calls; returns false if it was replaced and closed. */
        boolean enter(int calls) {
            return users.getAndUpdate(n -> n == 0 ? 0 : n + calls) > 0;
        }

        void leave() {
            if (users.decrementAndGet() == 0 && source != null) {
                classifier.close();
            }
        }
    }

    /**
     * The file of a classifier.
     *
     * @param run as it was given, null if it was learned here
     * @param stamp what changes when the file is replaced
     */
    private record Source(Path run, String stamp, String sha256) {

        private static final Source NONE = new Source(null, "", "");

        static String stamp(Path file) throws IOException {
            BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
            return "%s %s %s %s".formatted(file, now.size(), now.lastModifiedTime(), now.fileKey());
        }
    }

    private ImageClassifier(Clip clip, boolean ownsClip, EncodingLimits limits, ExifOrientation exif, Current current) {
        this.clip = clip;
        this.ownsClip = ownsClip;
        this.current = current;
        this.exif = exif;
        this.reader = limits.reader(clip, exif);
        this.queue = EncodingQueue.of(clip, limits, reader);
    }

    /** Opens a learned classifier of any method and its model with the standard limits. */
    public static ImageClassifier load(Path run) throws IOException {
        return load(run, EncodingLimits.standard());
    }

    /**
     * Opens a learned classifier of any method and its model, which is searched for at its recorded path, next to the
     * classifier, and in the cache of the shipped model.
     *
     * @param run the folder of a run, or a classifier's file
     * @throws IOException if there is no classifier, it is damaged, or its model is not found
     */
    public static ImageClassifier load(Path run, EncodingLimits limits) throws IOException {
        Path file = ClassifierModel.classifierFile(run);
        Path model = ClassifierModel.find(
                ClassifierFile.read(file), file, "open it with Clip.open and use ImageClassifier.of");
        Clip clip = Clip.open(model);
        try {
            return load(run, clip, true, limits);
        } catch (IllegalArgumentException e) {
            clip.close();
            throw new IOException(model + ": " + e.getMessage(), e);
        } catch (IOException | RuntimeException | Error e) {
            clip.close();
            throw e;
        }
    }

    /**
     * Opens a learned classifier of any method with its model, which the caller closes afterwards.
     *
     * @param run the folder of a run, or a classifier's file
     * @throws IOException if there is no classifier, or it is damaged
     * @throws IllegalArgumentException if it was learned with another model
     */
    public static ImageClassifier load(Path run, Clip clip) throws IOException {
        return load(run, clip, EncodingLimits.standard());
    }

    /** Opens a learned classifier of any method with its model, which the caller closes afterwards. */
    public static ImageClassifier load(Path run, Clip clip, EncodingLimits limits) throws IOException {
        return load(run, clip, false, limits);
    }

    private static ImageClassifier load(Path run, Clip clip, boolean ownsClip, EncodingLimits limits)
            throws IOException {
        Path file = ClassifierModel.classifierFile(run);
        String stamp = Source.stamp(file); // before it is read: what replaces it meanwhile is a change
        ClassifierFile learned = ClassifierFile.read(file);
        ExifOrientation exif = learned.origin().exif();
        Source source = new Source(run, stamp, Sha256.of(file));
        return new ImageClassifier(clip, ownsClip, limits, exif, new Current(learned.open(clip), source, null));
    }

    /**
     * Opens the classifier's file again if it was replaced. Calls that have begun end with the classifier that they began
     * with; later ones use the new one.
     *
     * @return true if it was replaced
     * @throws IOException if there is no classifier any more, it is damaged, or needs another model or other EXIF
     *     orientations; then the present one stays in use
     */
    public synchronized boolean reload() throws IOException {
        Source source = current.source;
        if (source == null || source.run == null) {
            return false;
        }
        Path file = ClassifierModel.classifierFile(source.run);
        String stamp = Source.stamp(file);
        if (stamp.equals(source.stamp)) {
            return false;
        }
        ClassifierFile learned = ClassifierFile.read(file);
        InputException.require(
                learned.origin().exif() == exif, "%s was learned with other EXIF orientations: open it anew", file);
        whileOpen(() -> {
            try {
                Source next = new Source(source.run, stamp, Sha256.of(file));
                Current old = current;
                current = new Current(learned.open(clip), next, null);
                old.leave();
                return null;
            } catch (IllegalArgumentException e) {
                throw new IOException(file + ": " + e.getMessage(), e);
            }
        });
        return true;
    }

    /** Returns the SHA-256 of the classifier's file, in hexadecimal; empty if it was not opened from one. */
    public Optional<String> sha256() {
        Source source = current.source;
        return Optional.ofNullable(source == null || source.run == null ? null : source.sha256);
    }

    /**
     * Learns a classifier from all examples as a run does, with the references' training and seed 1, and calibrates it. The
     * model, which the caller closes afterwards, is shared.
     *
     * @throws IOException if an image cannot be read or decoded
     * @throws IllegalArgumentException if a class name does not fit a prompt, or the method needs other features
     */
    public static ImageClassifier learn(Clip clip, Examples examples, Method method) throws IOException {
        return learn(clip, examples, Learning.by(method));
    }

    /** Learns a classifier in a way of its own, such as {@link Learning#auto}. */
    public static ImageClassifier learn(Clip clip, Examples examples, Learning learning) throws IOException {
        return learning.learn(clip, examples);
    }

    /** Opens a classifier that was learned here. */
    static ImageClassifier of(Clip clip, ClassifierFile file, Learning.Account account) throws IOException {
        ExifOrientation exif = file.origin().exif();
        Current current = new Current(file.open(clip), Source.NONE, account);
        return new ImageClassifier(clip, false, EncodingLimits.standard(), exif, current);
    }

    /**
     * Uses a model and a classifier, which the caller closes afterwards, with the standard limits. EXIF orientations are
     * applied.
     */
    public static ImageClassifier of(Clip clip, Classifier classifier) {
        return of(clip, classifier, EncodingLimits.standard());
    }

    /** Uses a model and a classifier, which the caller closes afterwards. EXIF orientations are applied. */
    public static ImageClassifier of(Clip clip, Classifier classifier, EncodingLimits limits) {
        return of(clip, classifier, limits, ExifOrientation.APPLY);
    }

    /** Uses a model and a classifier, which the caller closes afterwards, with a treatment of EXIF orientations. */
    public static ImageClassifier of(Clip clip, Classifier classifier, ExifOrientation exif) {
        return of(clip, classifier, EncodingLimits.standard(), exif);
    }

    private static ImageClassifier of(Clip clip, Classifier classifier, EncodingLimits limits, ExifOrientation exif) {
        return new ImageClassifier(clip, false, limits, exif, new Current(classifier, null, null));
    }

    /** Returns the class names in the order of the logits. */
    public List<String> classNames() {
        return classifier().classNames();
    }

    /**
     * Writes the classifier into a file, which {@link #load} opens while the model is at its path or next to it.
     *
     * @throws IOException if it cannot be written
     */
    public void save(Path file) throws IOException {
        ClassifierFile learned = classifier().save();
        Origin origin = learned.origin();
        if (origin.modelFile().isEmpty()) {
            origin = origin.withModelFile(clip.model().path().toAbsolutePath().toString());
        }
        learned.withOrigin(exif == origin.exif() ? origin : origin.withExif(exif))
                .write(file);
    }

    /**
     * Returns the most probable label of each image.
     *
     * @param features [n, width], as {@link #features(InputImage)} returns them
     * @return [n], positions in {@link #classNames}
     * @throws IllegalArgumentException if there are none, or their width is not that of the classifier
     */
    public int[] predict(float[][] features) {
        return Stream.of(probabilities(features))
                .mapToInt(row -> Predictions.argmax(row.length, c -> row[c]))
                .toArray();
    }

    /**
     * Returns the probabilities of the classes of each image.
     *
     * @param features [n, width], as {@link #features(InputImage)} returns them
     * @return [n, classes]
     * @throws IllegalArgumentException if there are none, or their width is not that of the classifier
     */
    public double[][] probabilities(float[][] features) {
        FeatureMatrix rows = FeatureMatrix.of(features);
        return using(classifier -> {
            int width = clip.featureWidth(classifier.features());
            Require.that(rows.width() == width, "features: expected rows of width %d, got %d", width, rows.width());
            return Stream.of(classifier.logits(rows).toRows())
                    .map(classifier::probabilities)
                    .toArray(double[][]::new);
        });
    }

    /** Returns the model. */
    public Clip clip() {
        return clip;
    }

    /** Returns the classifier, whose file records the method, its settings and the training; until it is replaced. */
    public Classifier classifier() {
        return current.classifier;
    }

    /** Returns the treatment of EXIF orientations. */
    public ExifOrientation exif() {
        return exif;
    }

    /** Returns true if it predicts any number of labels for an image. */
    public boolean predictsSets() {
        return current.classifier.save().decision() != null;
    }

    /** Returns the account of the learning, if it was learned by {@link #learn} and not opened from a file. */
    public Optional<Learning.Account> account() {
        return Optional.ofNullable(current.account);
    }

    /** Returns the number of batches whose encoding has begun since opening. */
    public long batches() {
        return queue.batches();
    }

    /** Returns the number of images that wait to be encoded. */
    public int waiting() {
        return queue.size();
    }

    /**
     * Classifies an image.
     *
     * @return all classes, the most probable first
     * @throws IOException if the image cannot be read or decoded
     * @throws IllegalStateException if this classifier or its model is closed
     */
    public List<Prediction> classify(InputImage image) throws IOException {
        return using(classifier -> ranked(classifier, queue.encode(new Image(image, classifier.features()))));
    }

    /** Classifies an image file. */
    public List<Prediction> classify(Path file) throws IOException {
        return classify(InputImage.of(file));
    }

    /** Classifies the content of an image file. */
    public List<Prediction> classify(byte[] content) throws IOException {
        return classify(InputImage.of(content));
    }

    /** Classifies the content of an image file, reading the stream to its end. */
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
     * @throws IOException if an image cannot be read or decoded; the first such error
     */
    public List<List<Prediction>> classifyAll(List<InputImage> images) throws IOException {
        return using(classifier -> {
            List<List<Prediction>> all = new ArrayList<>();
            float[][] rows = encode(classifier, images).all().toRows();
            for (float[] features : rows) {
                all.add(ranked(classifier, features));
            }
            return all;
        });
    }

    /**
     * Classifies any number of images in batches, in turn with other threads; an unreadable image does not affect the
     * others.
     *
     * @param listener receives each result in order on the calling thread
     */
    public void classifyEach(List<InputImage> images, Listener listener) {
        using(classifier -> {
            int part = clip.imageEncoder(classifier.features()).part();
            for (int from = 0; from < images.size(); from += part) {
                Encoded encoded = encode(classifier, images.subList(from, Math.min(images.size(), from + part)));
                for (int i = 0; i < encoded.features().size(); i++) {
                    IOException problem = encoded.problems().get(i);
                    if (problem == null) {
                        listener.predicted(
                                from + i, ranked(classifier, encoded.features().get(i)));
                    } else {
                        listener.failed(from + i, problem);
                    }
                }
            }
            return null;
        });
    }

    /** Receives the results of many images. */
    public interface Listener {

        /**
         * Receives the classes of image {@code index}.
         *
         * @param ranked all classes, the most probable first
         */
        void predicted(int index, List<Prediction> ranked);

        /**
         * Receives the error of image {@code index}, which cannot be read or decoded; the others are still classified.
         */
        void failed(int index, IOException problem);
    }

    /**
     * Returns the image features that the classifier takes, not normalised.
     *
     * @return [{@link Clip#featureWidth}]
     * @throws IOException if the image cannot be read or decoded
     */
    public float[] features(InputImage image) throws IOException {
        return using(classifier -> queue.encode(new Image(image, classifier.features())));
    }

    /**
     * Returns where an image speaks for a class, rather than for the other classes. It takes about as long as two or three
     * answers.
     *
     * @param label one of {@link #classNames}, whether it is the answer or not
     * @throws IOException if the image cannot be read or decoded
     * @throws org.coop4j.base.RefusedException if the model's image tower is a ResNet
     * @throws IllegalArgumentException if the classifier has no such class
     */
    public HeatMap why(InputImage image, String label) throws IOException {
        return using(classifier -> {
            int number = number(classifier, label);
            FloatBuffer pixels = FloatBuffer.allocate(clip.preprocessing().tensorLength());
            Dimension size = image.read(reader, pixels, 0);
            double[] score = new double[1];
            float[] map = clip.imageEncoder(classifier.features()).gateGradient(pixels, features -> {
                float[] gradient = new float[features.length];
                score[0] = classifier.score(features, number, gradient);
                return gradient;
            });
            int columns = (int) Math.sqrt(map.length);
            int patch = clip.preprocessing().size() / columns;
            Rectangle2D seen = clip.preprocessing().seen(size.width, size.height, columns * patch);
            return new HeatMap(
                    label,
                    classifier.save().decision() == null
                            && classifier.classNames().size() > 1,
                    score[0],
                    IntStream.range(0, map.length).mapToObj(i -> map[i]).toList(),
                    columns,
                    size.width,
                    size.height,
                    seen.getX(),
                    seen.getY(),
                    seen.getWidth() / columns,
                    seen.getHeight() / columns);
        });
    }

    /**
     * Tries what a map says: covers the quarter of the patches with the largest values, and squares as large.
     *
     * @param map of this image
     * @throws IOException if the image cannot be read or decoded
     */
    public HeatMap.Check check(InputImage image, HeatMap map) throws IOException {
        return using(classifier -> {
            int number = number(classifier, map.label());
            int length = clip.preprocessing().tensorLength();
            FloatBuffer pixels = FloatBuffer.allocate(length);
            image.read(reader, pixels, 0);
            // Of each map its own, but the same whenever it is asked.
            SplittableRandom random =
                    RandomStream.of(1, "squares " + map.values().hashCode());
            List<List<Integer>> covered = new ArrayList<>(List.of(List.of(), map.marked()));
            for (int i = 0; i < SQUARES; i++) {
                covered.add(map.square(random));
            }
            Encoded encoded = clip.imageEncoder(classifier.features())
                    .encodeQuickly(covered.size(), (i, target, offset) -> {
                        target.put(offset, pixels, 0, length);
                        cover(target, offset, covered.get(i), map.columns());
                    });
            double[] p = Stream.of(classifier.logits(encoded.all()).toRows())
                    .mapToDouble(logits -> classifier.probabilities(logits)[number])
                    .toArray();
            return new HeatMap.Check(
                    p[0], p[1], Arrays.stream(p).skip(2).boxed().toList(), covered.subList(1, covered.size()));
        });
    }

    private static int number(Classifier classifier, String label) {
        List<String> names = classifier.classNames();
        Require.that(
                names.contains(label),
                "\"%s\" is not one of the %s: expected %s",
                label,
                Numbers.count(names.size(), "class", "classes"),
                Numbers.first(names));
        return names.indexOf(label);
    }

    /** Sets the pixels of patches to the mean colour, which is 0 once they are normalised. */
    private void cover(FloatBuffer pixels, int offset, List<Integer> patches, int columns) {
        int side = clip.preprocessing().size();
        int size = side / columns;
        float[] mean = new float[size];
        for (int patch : patches) {
            for (int line = 0; line < 3 * size; line++) { // of all channels
                int y = line / size * side + patch / columns * size + line % size;
                pixels.put(offset + y * side + patch % columns * size, mean);
            }
        }
    }

    /** Classifies the content of an image file later, together with others. */
    public CompletableFuture<List<Prediction>> submit(byte[] content) {
        return submit(InputImage.of(content));
    }

    /**
     * Classifies an image later, together with others.
     *
     * @return all classes, the most probable first, or the exception of this image, which does not affect the others.
     *     An image that is cancelled before its batch begins is not encoded. Dependents run on the thread that all
     *     images wait for, unless they are added by one of the Async methods.
     * @throws java.util.concurrent.RejectedExecutionException if the queue is full
     */
    public CompletableFuture<List<Prediction>> submit(InputImage image) {
        return submitAll(List.of(image)).get(0);
    }

    /**
     * Classifies images later, as {@link #submit} does: all or none of them.
     *
     * @throws java.util.concurrent.RejectedExecutionException if the queue has not enough places at the moment
     * @throws IllegalArgumentException if there are more images than the queue can hold
     */
    public List<CompletableFuture<List<Prediction>>> submitAll(List<InputImage> images) {
        return whileOpen(() -> {
            Current now = enter();
            try {
                List<CompletableFuture<List<Prediction>>> submitted = queue.offer(
                        images.stream()
                                .map(image -> new Image(image, now.classifier.features()))
                                .toList(),
                        features -> ranked(now.classifier, features));
                now.enter(submitted.size());
                for (CompletableFuture<List<Prediction>> one : submitted) {
                    CompletableFuture<?> unused = one.whenComplete((ranked, problem) -> now.leave());
                }
                return submitted;
            } finally {
                now.leave();
            }
        });
    }

    /**
     * Encodes images and texts with the model later, as {@link #submit} does: all or none of them.
     *
     * @return unit vectors, [{@link Clip#embedDim}]
     * @throws java.util.concurrent.RejectedExecutionException if the queue has not enough places at the moment
     * @throws IllegalArgumentException if there are more inputs than the queue can hold
     */
    public List<CompletableFuture<float[]>> submitEmbeddings(List<Input> inputs) {
        return whileOpen(() -> queue.offer(inputs, FeatureMatrix::unit));
    }

    /** Checks that the queue would take a number of images and texts now; throws what {@link #submitEmbeddings} does. */
    public void requirePlaces(int inputs) {
        queue.requirePlaces(inputs);
    }

    /** Cancels all submitted images that have no result yet. */
    public void cancelSubmitted() {
        queue.cancel();
    }

    private Encoded encode(Classifier classifier, List<InputImage> images) {
        return clip.encodeImages(images, classifier.features(), reader);
    }

    /** Returns all classes by probability; equal ones keep their order. */
    private static List<Prediction> ranked(Classifier classifier, float[] features) {
        FeatureMatrix image = FeatureMatrix.of(1, features.length, features);
        float[] logits = classifier.logits(image).row(0);
        double[] probabilities = classifier.probabilities(logits);
        boolean[] predicted = classifier.predicted(logits);
        return IntStream.range(0, logits.length)
                .boxed()
                .sorted((a, b) -> logits[a] == logits[b] ? 0 : logits[a] > logits[b] ? -1 : 1)
                .map(c -> new Prediction(classifier.classNames().get(c), probabilities[c], predicted[c]))
                .toList();
    }

    private interface Call<T, E extends Exception> {
        T run() throws E;
    }

    private interface Use<T, E extends Exception> {
        T by(Classifier classifier) throws E;
    }

    /** Uses the classifier, which another may replace meanwhile. */
    private <T, E extends Exception> T using(Use<T, E> use) throws E {
        return whileOpen(() -> {
            Current now = enter();
            try {
                return use.by(now.classifier);
            } finally {
                now.leave();
            }
        });
    }

    private Current enter() {
        Current now = current;
        while (!now.enter(1)) {
            now = current;
        }
        return now;
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

    /** Returns the method, the classes and the model's file, for logs. */
    @Override
    public String toString() {
        List<String> names = classNames();
        return "%s, %s (%s), %s"
                .formatted(
                        classifier().save().method().title(),
                        Numbers.count(names.size(), "class", "classes"),
                        Numbers.first(names),
                        clip.model().path().getFileName());
    }

    /**
     * Waits for running calls and submitted images, then frees what {@link #load} opened.
     *
     * @throws IllegalStateException if called from one of its own calls
     */
    @Override
    public void close() throws IOException {
        if (use.getReadHoldCount() > 0 || queue.isOwnThread()) {
            throw new IllegalStateException(
                    "the classifier cannot be closed by a call that uses it: close it afterwards");
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
        current.leave();
        if (ownsClip) {
            clip.close();
        }
    }
}
