/**
 * The report of a run: its page, with sections about a classifier on the test images, and its comparison with simpler
 * classifiers as a table and in words.
 */
package org.coop4j.report;
