package org.coop4j.method;

import org.coop4j.clip.FeatureMatrix;

/**
 * The operations that logits are made of, on matrices of one row an image. An implementation writes
 * them down in some format; {@link Classifier#logits(LogitGraph, Object)} calls them.
 *
 * @param <T> a matrix in that format
 */
public interface LogitGraph<T> {

    /** Each row divided by its Euclidean norm. */
    T unit(T x);

    /** x · weightsᵀ; x [n, width], weights [m, width] → [n, m]. */
    T product(T x, FeatureMatrix weights);

    /** Each element times a factor. */
    T times(T x, double factor);

    /** A row of numbers added to each row. */
    T plus(T x, float[] row);

    /** The sum of two matrices. */
    T plus(T x, T y);

    /** max(0, x). */
    T rectified(T x);

    /** e to the power of each element. */
    T exp(T x);
}
