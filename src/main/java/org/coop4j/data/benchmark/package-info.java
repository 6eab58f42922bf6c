/**
 * The eleven datasets of the CoOp benchmark and the four shifted ImageNets, in the benchmark's folder layout: their
 * places, splits, class names and hand-written prompts.
 *
 * <p>The resource {@code datasets.json} describes them; {@code PublishedLists} has the rules
 * that need code. A published split file takes precedence over the rules.
 */
package org.coop4j.data.benchmark;
