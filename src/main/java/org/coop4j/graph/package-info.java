/**
 * All SameDiff knowledge: CLIP's operations, their gradients, and the execution plan.
 *
 * <p>{@link org.coop4j.graph.Graph} builds a SameDiff graph from CLIP's building blocks, {@link
 * org.coop4j.graph.ExecutionPlan} replays it (or its gradient function) without SameDiff's session.
 * No other package calls SameDiff. Letters in shapes: rows are packed tokens of all sequences,
 * width the model's width.
 */
package org.coop4j.graph;
