/**
 * Results as people read them: few-shot curves as PNG, SVG and inline SVG, self-contained HTML
 * pages, and the tables of a folder of runs.
 *
 * <p>A chart is laid out once ({@code ChartLayout}) and drawn on a {@code Canvas}, so that the file
 * and the page show the same picture. Markup is built from escaped parts only ({@link
 * org.coop4j.study.html.Markup}): class names and messages come from strangers.
 */
package org.coop4j.study.html;
