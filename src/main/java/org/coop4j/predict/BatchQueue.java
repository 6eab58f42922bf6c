package org.coop4j.predict;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.Supplier;
import org.coop4j.clip.ImageEncoder.Encoded;
import org.coop4j.predict.ImageClassifier.PredictionLimits;

/**
 * A queue of images to encode, in order of arrival. Its own thread encodes them in batches: the next batch gathers
 * while one is encoded.
 */
final class BatchQueue implements AutoCloseable {

    /**
     * A waiting image.
     *
     * @param then computes the result from its features
     * @param latest latest start of its batch, full or not, in {@link System#nanoTime}
     */
    private record Waiting<T>(InputImage image, Function<float[], T> then, CompletableFuture<T> result, long latest) {

        void complete(float[] features) {
            try {
                result.complete(then.apply(features));
            } catch (RuntimeException | Error e) {
                result.completeExceptionally(e);
            }
        }
    }

    private final PredictionLimits limits;
    private final Function<List<InputImage>, Encoded> encoder;
    private final Deque<Waiting<?>> queue = new ArrayDeque<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition arrived = lock.newCondition();
    private final Condition taken = lock.newCondition();
    private final AtomicLong batches = new AtomicLong();
    private List<Waiting<?>> current = List.of();
    private Thread thread;
    private boolean closed;

    BatchQueue(PredictionLimits limits, Function<List<InputImage>, Encoded> encoder) {
        this.limits = limits;
        this.encoder = encoder;
    }

    private <T> T locked(Supplier<T> body) {
        lock.lock();
        try {
            return body.get();
        } finally {
            lock.unlock();
        }
    }

    /** Returns the number of waiting images, without those of the current batch. */
    int size() {
        return locked(queue::size);
    }

    /** Returns the number of batches whose encoding has begun. */
    long batches() {
        return batches.get();
    }

    /** Returns true on the queue's own thread, which must not wait for itself. */
    boolean isOwnThread() {
        return locked(() -> Thread.currentThread() == thread);
    }

    /**
     * Adds images that wait for others: all or none.
     *
     * @param then computes a result from its features on the queue's thread
     * @throws RejectedExecutionException if the queue has not enough places at the moment
     * @throws IllegalArgumentException if it never has
     */
    <T> List<CompletableFuture<T>> offer(List<InputImage> images, Function<float[], T> then) {
        int places = limits.queueCapacity();
        if (images.size() > places) {
            throw new IllegalArgumentException(
                    "images: expected %d, the places of the queue, or fewer, got %d".formatted(places, images.size()));
        }
        return locked(() -> {
            if (queue.size() + images.size() > places) {
                throw new RejectedExecutionException(queue.size() + " images are waiting: try again later");
            }
            return images.stream()
                    .map(image -> add(image, then, limits.maxDelay().toNanos()))
                    .toList();
        });
    }

    /** Cancels all images, those of the current batch too, whose encoding goes on. */
    void cancel() {
        List<Waiting<?>> all = locked(() -> {
            List<Waiting<?>> images = new ArrayList<>(current);
            images.addAll(queue);
            return images;
        });
        all.forEach(one -> one.result.cancel(false));
    }

    /**
     * Adds an image whose batch begins at once, after waiting for a place in the queue. On the queue's own thread the
     * image is encoded immediately, since a completed image's dependents may run there.
     */
    CompletableFuture<float[]> put(InputImage image) {
        if (isOwnThread()) {
            Waiting<float[]> one = new Waiting<>(image, Function.identity(), new CompletableFuture<>(), 0);
            encode(List.of(one));
            return one.result;
        }
        return locked(() -> {
            while (queue.size() >= limits.queueCapacity()) {
                taken.awaitUninterruptibly();
            }
            return add(image, Function.identity(), 0);
        });
    }

    private <T> CompletableFuture<T> add(InputImage image, Function<float[], T> then, long delay) {
        if (closed) {
            throw new IllegalStateException("the queue is closed");
        }
        if (thread == null) {
            thread = new Thread(this::serve, "coop4j-batches");
            thread.setDaemon(true);
            thread.start();
        }
        Waiting<T> one = new Waiting<>(image, then, new CompletableFuture<>(), System.nanoTime() + delay);
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
        try {
            Encoded encoded = encoder.apply(batch.stream().map(Waiting::image).toList());
            for (int i = 0; i < batch.size(); i++) {
                IOException problem = encoded.problems().get(i);
                if (problem == null) {
                    batch.get(i).complete(encoded.features().get(i));
                } else {
                    batch.get(i).result.completeExceptionally(problem);
                }
            }
        } catch (RuntimeException | Error e) {
            batch.forEach(one -> one.result.completeExceptionally(e));
        }
    }

    /** Refuses new images and waits until the others are encoded. */
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
