package org.coop4j.base;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;

/** A function that may use files. */
@FunctionalInterface
public interface IoFunction<A, B> {
    /**
     * Applies the function.
     *
     * @throws IllegalArgumentException if the argument is missing something or wrong
     */
    B apply(A argument) throws IOException;

    /** A value that may be made of files. */
    @FunctionalInterface
    interface IoSupplier<T> {
        /** Makes the value. */
        T get() throws IOException;

        /** Begins to make a value on another thread; the result waits for it, or throws what prevented it. */
        static <T> IoSupplier<T> begun(IoSupplier<T> value) {
            CompletableFuture<IoSupplier<T>> outcome = CompletableFuture.supplyAsync(() -> {
                try {
                    T made = value.get();
                    return () -> made;
                } catch (IOException | RuntimeException | Error e) {
                    return () -> {
                        throw e;
                    };
                }
            });
            return () -> outcome.join().get();
        }
    }

    /** Work that may use files. */
    @FunctionalInterface
    interface IoConsumer<T> {
        /** Does the work. */
        void accept(T argument) throws IOException;
    }
}
