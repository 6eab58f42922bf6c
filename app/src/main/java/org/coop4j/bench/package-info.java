/**
 * Measurements of speed and memory: a training step, image encoding, files to features, loading.
 *
 * <p>Each warms up, then repeats, and gives the median. GFLOP/s count the matrix products alone;
 * beside them stands what one large product reaches in the same process.
 */
package org.coop4j.bench;
