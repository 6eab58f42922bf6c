/**
 * The operations of CLIP and of its training as SameDiff ops, each with its gradient.
 *
 * <p>An op is defined twice: {@code compute} in ND4J calls, for any backend and float type, and {@code hostKernel} in
 * float32 on native memory, for the CPU. Activations are matrices of packed rows [rows, width]; the sequences that rows
 * form are an op's setting, not a dimension.
 */
package org.coop4j.graph.op;
