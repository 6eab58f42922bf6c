package org.coop4j.base;

import java.io.IOException;

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
    }

    /** Work that may use files. */
    @FunctionalInterface
    interface IoConsumer<T> {
        /** Does the work. */
        void accept(T argument) throws IOException;
    }
}
