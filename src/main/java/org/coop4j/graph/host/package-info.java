/**
 * Native memory, worker threads and arithmetic of the CPU backend, the base of the ops' kernels; and products in double
 * precision for what is computed from features.
 *
 * <p>The host is the CPU and its memory, as opposed to a device with memory of its own, such as a GPU. Every matrix is
 * row-major and dense; {@code ld} is the distance between rows in elements. A kernel is bound once to its arrays and
 * then run without allocating.
 */
package org.coop4j.graph.host;
