/**
 * All SameDiff knowledge: frozen linear, layer norm, attention, activations, and the execution
 * plan.
 */
package org.coop4j.graph;
