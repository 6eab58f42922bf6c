/**
 * Studies: a plan in YAML becomes a folder of runs, and the folder of runs becomes tables.
 *
 * <p>A {@link org.coop4j.study.Sweep} works through datasets × methods × shots × seeds. Each run has a folder of its
 * own, recognised by the hash of everything that decides its result, so that a sweep goes on where it was stopped and a
 * changed plan computes what is new. A {@link org.coop4j.study.Study} holds the finished runs of one model and
 * lists of their results. A {@link org.coop4j.study.StudyReport} has the papers' tables, figures and a page of them. All
 * scores are percentages.
 */
package org.coop4j.study;
