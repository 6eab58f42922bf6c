/**
 * The safetensors format: a length, a JSON header that places every tensor, the elements.
 *
 * <p>Read strictly, as the format demands: no duplicate names, no overlap, no gaps, every size equal to what the shape
 * needs. Written to a temporary file that takes the target's place when complete.
 */
package org.coop4j.weights.safetensors;
