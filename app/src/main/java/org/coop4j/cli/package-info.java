/**
 * The command line: one small class a command (picocli). {@code cli.options} holds the options that
 * commands share, {@code console} is what they print with.
 *
 * <p>Results go to standard output, everything else to standard error. Exit codes: 0 done, 1 the
 * work failed (in whole or in part), 2 wrong usage. Commands check and print; the work is done by
 * the rooms below.
 */
package org.coop4j.cli;
