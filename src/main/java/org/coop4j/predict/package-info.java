/**
 * Classifiers in use: {@link org.coop4j.predict.ImageClassifier} learns in memory, opens what a run learned, or takes any
 * classifier, and turns images into ranked {@link org.coop4j.predict.Prediction}s for many threads at once. Images that come one by one
 * wait in a bounded queue and are encoded together.
 */
package org.coop4j.predict;
