/**
 * NumPy's files: the arrays of a {@code .npz}, each with the header of a {@code .npy}, read where
 * they lie.
 */
package org.coop4j.weights.numpy;
