/**
 * The eleven datasets of the CoOp benchmark and the four shifted ImageNets, in the folders that the
 * benchmark lays them out in: where each lies, how it is divided, its class names and its
 * hand-written prompt.
 *
 * <p>What can be said in data is in the resource {@code datasets.json}; the rules that take code
 * are one small class each. A published split file always wins over the rules.
 */
package org.coop4j.data.benchmark;
