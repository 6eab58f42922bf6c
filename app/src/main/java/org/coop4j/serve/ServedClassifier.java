package org.coop4j.serve;

import org.coop4j.predict.ImageClassifier;

/**
 * A classifier that the service offers.
 *
 * @param info its description
 * @param classifier open as long as the service runs; closed by its owner
 */
public record ServedClassifier(ClassifierInfo info, ImageClassifier classifier) {}
