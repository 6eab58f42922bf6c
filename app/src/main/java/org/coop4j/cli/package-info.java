/**
 * The command line: one class per command (picocli), and the options that commands share as mixins. {@code console}
 * prints.
 *
 * <p>Results go to standard output, everything else to standard error. Exit codes: 0 done, 1 failed in whole or in part,
 * 2 wrong usage. Commands check options and print results; the rooms below do the work.
 */
package org.coop4j.cli;
