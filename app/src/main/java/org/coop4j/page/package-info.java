/**
 * Pages in one file, from sections of text, tables, pictures and charts, and charts as SVG files: light and dark,
 * without anything loaded from elsewhere, every text escaped. No knowledge of runs.
 */
package org.coop4j.page;
