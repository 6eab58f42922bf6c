package org.coop4j.predict;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.coop4j.clip.ImageEncoder;

/**
 * Images that wait to be encoded, in the order in which they came. A thread of the queue's own
 * encodes them in batches: while one is encoded, the next gathers.
 */
final class BatchQueue implements AutoCloseable {

    /** Encodes the images of a batch. */
    @FunctionalInterface
    interface Encoder {
        void encode(List<InputImage> images, ImageEncoder.Sink sink);
    }

    /**
     * An image that waits.
     *
     * @param features what it is waiting for
     * @param latest when its batch is to begin, whether full or not; in the system's nanoseconds
     */
    private record Waiting(InputImage image, CompletableFuture<float[]> features, long latest) {}

    private final PredictionLimits limits;
    private final Encoder encoder;
    private final Deque<Waiting> queue = new ArrayDeque<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition arrived = lock.newCondition();
    private final Condition taken = lock.newCondition();
    private Thread thread;
    private boolean closed;

    BatchQueue(PredictionLimits limits, Encoder encoder) {
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
     * @throws RejectedExecutionException if the queue is full
     */
    CompletableFuture<float[]> offer(InputImage image) {
        lock.lock();
        try {
            if (queue.size() >= limits.queueCapacity()) {
                throw new RejectedExecutionException(
                        queue.size() + " images are waiting, and no more may: try again later");
            }
            return add(image, limits.maxDelay().toNanos());
        } finally {
            lock.unlock();
        }
    }

    /** Adds an image whose batch begins at once, after a wait for a place if there is none. */
    CompletableFuture<float[]> put(InputImage image) {
        lock.lock();
        try {
            while (queue.size() >= limits.queueCapacity()) {
                taken.awaitUninterruptibly();
            }
            return add(image, 0);
        } finally {
            lock.unlock();
        }
    }

    private CompletableFuture<float[]> add(InputImage image, long delay) {
        if (closed) {
            throw new IllegalStateException("the queue is closed");
        }
        if (thread == null) {
            thread = new Thread(this::serve, "coop4j-batches");
            thread.setDaemon(true);
            thread.start();
        }
        Waiting one = new Waiting(image, new CompletableFuture<>(), System.nanoTime() + delay);
        queue.add(one);
        arrived.signal();
        return one.features;
    }

    private void serve() {
        for (List<Waiting> batch = next(); !batch.isEmpty(); batch = next()) {
            encode(batch.stream().filter(one -> !one.features.isDone()).toList());
        }
    }

    /** Waits for a batch; it is empty if the queue is closed and nothing is left. */
    private List<Waiting> next() {
        lock.lock();
        try {
            while (!closed && queue.size() < limits.maxBatch() && nanosToWait() > 0) {
                await(nanosToWait());
            }
            List<Waiting> batch = new ArrayList<>();
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

    private void await(long nanos) {
        try {
            arrived.awaitNanos(nanos);
        } catch (InterruptedException e) {
            // Nobody else has this thread; a batch may begin too early.
        }
    }

    private void encode(List<Waiting> batch) {
        if (batch.isEmpty()) {
            return;
        }
        try {
            encoder.encode(
                    batch.stream().map(Waiting::image).toList(),
                    completing(batch.stream().map(Waiting::features).toList()));
        } catch (RuntimeException | Error e) {
            batch.forEach(one -> one.features.completeExceptionally(e));
        }
    }

    /** Completes a future for each image. */
    static ImageEncoder.Sink completing(List<CompletableFuture<float[]>> futures) {
        return new ImageEncoder.Sink() {
            @Override
            public void features(int index, float[] features) {
                futures.get(index).complete(features);
            }

            @Override
            public void failed(int index, IOException problem) {
                futures.get(index).completeExceptionally(problem);
            }
        };
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
