package org.coop4j.predict;

/**
 * A predicted class.
 *
 * @param label name of the class
 * @param probability probability from 0 to 1; those of single labels sum to 1
 * @param predicted true for the most probable of single labels, and for each label of a set that reaches its threshold
 */
public record Prediction(String label, double probability, boolean predicted) {}
