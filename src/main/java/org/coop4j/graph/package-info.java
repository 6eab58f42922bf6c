/**
 * All knowledge of SameDiff: CLIP's ops, their gradients, and the execution plan.
 *
 * <p>{@link org.coop4j.graph.Graph} builds a SameDiff graph from CLIP's building blocks,
 * {@link org.coop4j.graph.ExecutionPlan} runs it and its gradients without SameDiff's session. Letters in shapes: rows
 * are the packed tokens of all sequences, width is the model's width.
 */
package org.coop4j.graph;
