package org.coop4j.clip;

import java.util.concurrent.locks.ReentrantLock;

/**
 * Lets one thread at a time work with a model's native memory, in the order in which they come, and
 * none once it is closed. Waiting is not cut short by an interrupt.
 */
final class ModelLock {

    private final ReentrantLock lock = new ReentrantLock(true);
    private boolean closed;

    /** Something to do with the model. */
    @FunctionalInterface
    interface Work<T, E extends Exception> {
        T run() throws E;
    }

    /**
     * Does the work while no other thread works with the model.
     *
     * @throws IllegalStateException if the model is closed
     */
    <T, E extends Exception> T hold(Work<T, E> work) throws E {
        lock.lock();
        try {
            if (closed) {
                throw new IllegalStateException("the model is closed");
            }
            return work.run();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits for those that work, then frees the model; does nothing if that was done before.
     *
     * @throws IllegalStateException if the caller is itself at work with the model
     */
    <E extends Exception> void close(Work<?, E> free) throws E {
        if (lock.isHeldByCurrentThread()) {
            throw new IllegalStateException(
                    "the model cannot be closed by what works with it: close it afterwards");
        }
        lock.lock();
        try {
            if (!closed) {
                closed = true;
                free.run();
            }
        } finally {
            lock.unlock();
        }
    }
}
