/**
 * All knowledge of SameDiff: CLIP's ops, each with its gradient and its kernel, and the execution plan.
 *
 * <p>{@link org.coop4j.graph.Graph} builds a SameDiff graph from CLIP's building blocks,
 * {@link org.coop4j.graph.ExecutionPlan} runs it and its gradients without SameDiff's session. An op
 * ({@link org.coop4j.graph.GraphOp}) is stated twice: as an expression of SameDiff's ops, for any backend and float type,
 * and as a kernel in float32 on native memory, for the CPU. Activations are matrices of packed rows [rows, width]: the
 * tokens of all sequences, which are an op's setting, not a dimension. The width is the model's.
 */
package org.coop4j.graph;
