/**
 * Studies: a plan in YAML becomes a folder of runs, and the folder of runs becomes tables.
 *
 * <p>A {@link org.coop4j.study.Sweep} works through datasets × methods × shots × seeds. Each run has a folder of its
 * own, recognised by the hash of everything that decides its result, so that a sweep goes on where it was stopped and a
 * changed plan computes what is new. A {@link org.coop4j.study.Study} holds the {@link
 * org.coop4j.study.Score}s of the finished runs of one model, and their means over the seeds. A {@link
 * org.coop4j.study.StudyReport} has the papers' tables, which are pivots of the scores, figures and a page of them.
 */
package org.coop4j.study;
