/**
 * Pages of results that are one file each: sections of text, tables, charts ({@code study.chart}) and pictures.
 *
 * <p>Markup is built from escaped parts only ({@link org.coop4j.study.html.Markup}): class names and messages come from
 * strangers.
 */
package org.coop4j.study.html;
