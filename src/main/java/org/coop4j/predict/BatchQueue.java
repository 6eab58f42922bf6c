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
import org.coop4j.clip.ImageEncoder.Encoded;
import org.coop4j.predict.ImageClassifier.PredictionLimits;

/**
 * Images that wait to be encoded, in the order in which they came. A thread of the queue's own
 * encodes them in batches: while one is encoded, the next gathers.
 */
final class BatchQueue implements AutoCloseable {

    /**
     * An image that waits.
     *
     * @param then makes the result of its features
     * @param latest when its batch is to begin, whether full or not; in the system's nanoseconds
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
    private Thread thread;
    private boolean closed;

    /**
     * @param encoder encodes the images of a batch
     */
    BatchQueue(PredictionLimits limits, Function<List<InputImage>, Encoded> encoder) {
        this.limits = limits;
        this.encoder = encoder;
    }

    /** Images that wait, those of the batch at work not among them. */
    int size() {
        lock.lock();
        try {
            return queue.size();
        } finally {
            lock.unlock();
        }
    }

    /** Batches whose encoding has begun. */
    long batches() {
        return batches.get();
    }

    /** Whether the calling thread is the queue's own, which must not wait for itself. */
    boolean isOwnThread() {
        lock.lock();
        try {
            return Thread.currentThread() == thread;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Adds an image that waits for others.
     *
     * @param then makes the result of its features, on the queue's thread
     * @throws RejectedExecutionException if the queue is full
     */
    <T> CompletableFuture<T> offer(InputImage image, Function<float[], T> then) {
        lock.lock();
        try {
            if (queue.size() >= limits.queueCapacity()) {
                throw new RejectedExecutionException(
                        queue.size() + " images are waiting, and no more may: try again later");
            }
            return add(image, then, limits.maxDelay().toNanos());
        } finally {
            lock.unlock();
        }
    }

    /**
     * Adds an image whose batch begins at once, after a wait for a place if there is none. What
     * depends on another image, and runs on the queue's thread, is served there and then.
     */
    CompletableFuture<float[]> put(InputImage image) {
        if (isOwnThread()) {
            Waiting<float[]> one = new Waiting<>(image, Function.identity(), new CompletableFuture<>(), 0);
            encode(List.of(one));
            return one.result;
        }
        lock.lock();
        try {
            while (queue.size() >= limits.queueCapacity()) {
                taken.awaitUninterruptibly();
            }
            return add(image, Function.identity(), 0);
        } finally {
            lock.unlock();
        }
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

    /** Waits for a batch; it is empty if the queue is closed and nothing is left. */
    private List<Waiting<?>> next() {
        lock.lock();
        try {
            while (!closed && queue.size() < limits.maxBatch() && nanosToWait() > 0) {
                try {
                    arrived.awaitNanos(nanosToWait());
                } catch (InterruptedException e) {
                    // Nobody else has this thread, and the loop looks again.
                }
            }
            List<Waiting<?>> batch = new ArrayList<>();
            while (batch.size() < limits.maxBatch() && !queue.isEmpty()) {
                batch.add(queue.remove());
            }
            taken.signalAll();
            return batch;
        } finally {
            lock.unlock();
        }
    }

    /** How long the batch may still wait for more images. */
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

    /** Takes no more images, and waits until those that it has are encoded. */
    @Override
    public void close() {
        Thread serving;
        lock.lock();
        try {
            closed = true;
            serving = thread;
            arrived.signal();
            taken.signalAll();
        } finally {
            lock.unlock();
        }
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
