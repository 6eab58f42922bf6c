/**
 * What commands print with, and no command: standard output and error, tables, numbers, JSON and
 *
 * <p>CSV, progress, and the exceptions that end a command.
 */
package org.coop4j.console;
