package org.coop4j.method;

import org.coop4j.data.FeatureSet;

/**
 * Features of the images that a method learns from.
 *
 * @param train the training images
 * @param val the images to choose settings on, possibly none
 */
public record FewShotFeatures(FeatureSet train, FeatureSet val) {}
