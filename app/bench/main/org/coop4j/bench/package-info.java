/**
 * Measurements of speed and memory: a training step, image encoding, files to features, loading.
 *
 * <p>Each measurement warms up, repeats, and gives the median. GFLOP/s include matrix products only, and are compared
 * with those of one large product in the same process.
 */
package org.coop4j.bench;
