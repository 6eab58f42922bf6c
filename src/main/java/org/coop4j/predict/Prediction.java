package org.coop4j.predict;

/**
 * A class that an image may be of.
 *
 * @param label the class's name
 * @param probability from 0 to 1; those of all classes sum to 1
 */
public record Prediction(String label, double probability) {}
