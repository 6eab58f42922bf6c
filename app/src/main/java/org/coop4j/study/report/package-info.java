/**
 * The papers' tables and figures, made from the results of many runs: CSV and LaTeX of each table,
 * few-shot curves, and one page to look at all of it.
 *
 * <p>{@link org.coop4j.study.report.StudyReport} makes all files from what {@link org.coop4j.study} has
 * read. Accuracies, F1 and calibration errors are percentages.
 */
package org.coop4j.study.report;
