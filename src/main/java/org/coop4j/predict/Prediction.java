package org.coop4j.predict;

/**
 * A predicted class.
 *
 * @param label name of the class
 * @param probability probability from 0 to 1; those of all classes sum to 1
 */
public record Prediction(String label, double probability) {}
