/**
 * Evaluation of predictions: accuracy, macro F1, per-class results, confusion matrix, calibration, and average precision
 * and thresholds of several labels.
 *
 * <p>Accuracies and F1 are percentages, as in the reference; probabilities and calibration errors are from 0 to 1.
 * Labels count from 0.
 */
package org.coop4j.eval;
