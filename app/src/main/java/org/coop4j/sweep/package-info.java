/**
 * Sweeps: datasets × methods × shots × seeds, from a plan in YAML to a folder of runs.
 *
 * <p>Each run has a folder of its own, recognised by the hash of everything that decides its
 * result, so that a sweep goes on where it was stopped and a changed plan computes what is new.
 * Accuracies are percentages. Work, for the time left, is in multiplications.
 */
package org.coop4j.sweep;
