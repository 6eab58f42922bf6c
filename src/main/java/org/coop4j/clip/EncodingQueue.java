package org.coop4j.clip;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.Supplier;
import org.coop4j.base.Require;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.clip.ImageEncoder.Encoded;
import org.coop4j.image.ExifOrientation;
import org.coop4j.image.ImageDecoder;
import org.coop4j.image.Preprocessing.PixelReader;

/**
 * A queue of images and texts to encode, in order of arrival. Its own thread encodes them in batches: the next batch
 * gathers while one is encoded.
 */
public final class EncodingQueue implements AutoCloseable {

    /** An image or a text to encode. */
    public sealed interface Input {

        /** Returns the kind of its features; those of texts are {@link FeatureKind#EMBEDDED}. */
        FeatureKind kind();
    }

    /** An image to encode. */
    public record Image(InputImage image, FeatureKind kind) implements Input {}

    /** A text to encode, of at most the context length. */
    public record Text(String text) implements Input {

        @Override
        public FeatureKind kind() {
            return FeatureKind.EMBEDDED;
        }
    }

    /**
     * Limits of batches, of the queue and of image sizes.
     *
     * @param maxBatch maximum number of images encoded together, 1 or more
     * @param maxDelay maximum time that a submitted image waits for others once the images before it are encoded, 0 or
     *     more
     * @param queueCapacity maximum number of waiting images, 1 or more
     * @param maxPixels maximum number of pixels per image
     * @param maxTime maximum time to decode an image, more than 0
     */
    public record EncodingLimits(int maxBatch, Duration maxDelay, int queueCapacity, long maxPixels, Duration maxTime) {

        public EncodingLimits {
            requirePositive("maxBatch", maxBatch);
            requirePositive("queueCapacity", queueCapacity);
            requirePositive("maxPixels", maxPixels);
            requirePositive("maxTime", maxTime.toNanos());
            Require.that(!maxDelay.isNegative(), "maxDelay: expected 0 or more, got %s", maxDelay);
        }

        private static void requirePositive(String name, long value) {
            Require.that(value >= 1, "%s: expected 1 or more, got %s", name, value);
        }

        /** Returns the reader of images within these limits for a model. */
        public PixelReader reader(Clip clip, ExifOrientation exif) {
            return new PixelReader(new ImageDecoder(maxPixels, maxTime), clip.preprocessing(), exif);
        }

        /** Returns batches of 32 images, 2 milliseconds, 256 images, Pillow's limit of pixels, and any time. */
        public static EncodingLimits standard() {
            return new EncodingLimits(
                    32, Duration.ofMillis(2), 256, ImageDecoder.DEFAULT_MAX_PIXELS, ImageDecoder.ANY_TIME);
        }
    }

    /**
     * A waiting image or text.
     *
     * @param then computes the result from its features
     * @param latest latest start of its batch, full or not, in {@link System#nanoTime}
     */
    private record Waiting<T>(Input input, Function<float[], T> then, CompletableFuture<T> result, long latest) {

        void complete(float[] features) {
            try {
                result.complete(then.apply(features));
            } catch (RuntimeException | Error e) {
                result.completeExceptionally(e);
            }
        }
    }

    private final EncodingLimits limits;
    private final Function<List<Input>, Encoded> encoder;
    private final Deque<Waiting<?>> queue = new ArrayDeque<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition arrived = lock.newCondition();
    private final Condition taken = lock.newCondition();
    private final AtomicLong batches = new AtomicLong();
    private List<Waiting<?>> current = List.of();
    private Thread thread;
    private boolean closed;

    /**
     * @param encoder encodes images of one kind, or texts
     */
    EncodingQueue(EncodingLimits limits, Function<List<Input>, Encoded> encoder) {
        this.limits = limits;
        this.encoder = encoder;
    }

    /**
     * Returns a queue for a model, which the caller closes afterwards.
     *
     * @param reader reads the images
     */
    public static EncodingQueue of(Clip clip, EncodingLimits limits, PixelReader reader) {
        return new EncodingQueue(limits, inputs -> encode(clip, reader, inputs));
    }

    private static Encoded encode(Clip clip, PixelReader reader, List<Input> inputs) {
        if (inputs.get(0) instanceof Image image) {
            List<InputImage> images =
                    inputs.stream().map(input -> ((Image) input).image()).toList();
            return clip.encodeImages(images, image.kind(), reader);
        }
        FeatureMatrix features = clip.encodeTexts(
                inputs.stream().map(input -> ((Text) input).text()).toList());
        return new Encoded(List.of(features.toRows()), new TreeMap<>(), features.width());
    }

    private <T> T locked(Supplier<T> body) {
        lock.lock();
        try {
            return body.get();
        } finally {
            lock.unlock();
        }
    }

    /** Returns the number of waiting images and texts, without those of the current batch. */
    public int size() {
        return locked(() -> {
            queue.removeIf(one -> one.result.isDone()); // cancelled
            return queue.size();
        });
    }

    /** Returns the number of batches whose encoding has begun. */
    public long batches() {
        return batches.get();
    }

    /** Returns true on the queue's own thread, which must not wait for itself. */
    public boolean isOwnThread() {
        return locked(() -> Thread.currentThread() == thread);
    }

    /**
     * Adds images and texts that wait for others: all or none.
     *
     * @param then computes a result from its features on the queue's thread
     * @throws RejectedExecutionException if the queue has not enough places at the moment
     * @throws IllegalArgumentException if it never has
     */
    public <T> List<CompletableFuture<T>> offer(List<? extends Input> inputs, Function<float[], T> then) {
        return locked(() -> {
            requirePlaces(inputs.size());
            return inputs.stream()
                    .map(input -> add(input, then, limits.maxDelay().toNanos()))
                    .toList();
        });
    }

    /** Checks that {@link #offer} would take a number of images and texts now. */
    public void requirePlaces(int inputs) {
        int places = limits.queueCapacity();
        Require.that(
                inputs <= places, "inputs: expected %d, the places of the queue, or fewer, got %d", places, inputs);
        int waiting = size();
        if (waiting + inputs > places) {
            throw new RejectedExecutionException(waiting + " images and texts are waiting: try again later");
        }
    }

    /** Cancels everything that waits or is being encoded; the encoding of the current batch goes on. */
    public void cancel() {
        List<Waiting<?>> all = locked(() -> {
            List<Waiting<?>> waiting = new ArrayList<>(current);
            waiting.addAll(queue);
            return waiting;
        });
        all.forEach(one -> one.result.cancel(false));
    }

    /**
     * Returns the features of an image or a text, whose batch begins at once, not normalised.
     *
     * @throws IOException if an image cannot be read or decoded
     * @throws IllegalStateException if the queue or its model is closed
     */
    public float[] encode(Input input) throws IOException {
        try {
            return put(input).join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof IOException problem) {
                throw problem;
            }
            if (e.getCause() instanceof Error problem) {
                throw problem;
            }
            throw e.getCause() instanceof RuntimeException problem ? problem : e;
        }
    }

    /**
     * Adds an input whose batch begins at once, after waiting for a place in the queue. On the queue's own thread it is
     * encoded immediately, since a completed input's dependents may run there.
     */
    CompletableFuture<float[]> put(Input input) {
        if (isOwnThread()) {
            Waiting<float[]> one = new Waiting<>(input, Function.identity(), new CompletableFuture<>(), 0);
            encode(List.of(one));
            return one.result;
        }
        return locked(() -> {
            while (queue.size() >= limits.queueCapacity()) {
                taken.awaitUninterruptibly();
            }
            return add(input, Function.identity(), 0);
        });
    }

    private <T> CompletableFuture<T> add(Input input, Function<float[], T> then, long delay) {
        if (closed) {
            throw new IllegalStateException("the model is closed");
        }
        if (thread == null) {
            thread = new Thread(this::serve, "coop4j-batches");
            thread.setDaemon(true);
            thread.start();
        }
        Waiting<T> one = new Waiting<>(input, then, new CompletableFuture<>(), System.nanoTime() + delay);
        queue.add(one);
        arrived.signal();
        return one.result;
    }

    private void serve() {
        for (List<Waiting<?>> batch = next(); !batch.isEmpty(); batch = next()) {
            encode(batch.stream().filter(one -> !one.result.isDone()).toList());
        }
    }

    /** Waits for a batch; it is empty if the queue is closed and empty. */
    private List<Waiting<?>> next() {
        return locked(() -> {
            while (!closed && queue.size() < limits.maxBatch() && nanosToWait() > 0) {
                try {
                    arrived.awaitNanos(nanosToWait());
                } catch (InterruptedException e) {
                    // This thread is private, and the loop checks again.
                }
            }
            List<Waiting<?>> batch = new ArrayList<>();
            while (batch.size() < limits.maxBatch() && !queue.isEmpty()) {
                batch.add(queue.remove());
            }
            taken.signalAll();
            current = batch;
            return batch;
        });
    }

    /** Returns the time that the batch may still wait for more images. */
    private long nanosToWait() {
        long now = System.nanoTime();
        return queue.stream().mapToLong(one -> one.latest - now).min().orElse(Long.MAX_VALUE);
    }

    private void encode(List<Waiting<?>> batch) {
        if (batch.isEmpty()) {
            return;
        }
        batches.incrementAndGet();
        Map<List<Object>, List<Waiting<?>>> groups = new LinkedHashMap<>(); // texts, or images of one kind
        for (Waiting<?> one : batch) {
            groups.computeIfAbsent(List.of(one.input.getClass(), one.input.kind()), key -> new ArrayList<>())
                    .add(one);
        }
        groups.values().forEach(this::encodeGroup);
    }

    private void encodeGroup(List<Waiting<?>> group) {
        try {
            Encoded encoded =
                    encoder.apply(group.stream().<Input>map(Waiting::input).toList());
            for (int i = 0; i < group.size(); i++) {
                IOException problem = encoded.problems().get(i);
                if (problem == null) {
                    group.get(i).complete(encoded.features().get(i));
                } else {
                    group.get(i).result.completeExceptionally(problem);
                }
            }
        } catch (RuntimeException | Error e) {
            group.forEach(one -> one.result.completeExceptionally(e));
        }
    }

    /** Refuses new images and texts, and waits until the others are encoded. */
    @Override
    public void close() {
        Thread serving = locked(() -> {
            closed = true;
            arrived.signal();
            taken.signalAll();
            return thread;
        });
        boolean interrupted = false;
        while (serving != null && serving.isAlive()) {
            try {
                serving.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
