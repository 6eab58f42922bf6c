/**
 * The papers' tables and figures, made from the results of many runs: a CSV file of each table, an SVG file of each
 * chart, and a page; and the page and files of a single run. A table is a list of columns, each stated once, and of
 * rows.
 */
package org.coop4j.study.report;
