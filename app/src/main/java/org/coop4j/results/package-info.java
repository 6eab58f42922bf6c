/**
 * Results of many runs, read from their folders and summarised as the papers do.
 *
 * <p>{@link org.coop4j.results.Findings} finds the runs below a folder, {@link
 * org.coop4j.results.Study} puts those of one model in order and tells apart what does not belong
 * together, and the other records are what its tables show: few-shot accuracies and their averages
 * over datasets, base-to-new, robustness, gains of each class, hand-written prompts, and what the
 * papers have published. All scores are percentages.
 */
package org.coop4j.results;
