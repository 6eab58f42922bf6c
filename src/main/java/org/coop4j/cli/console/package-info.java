/**
 * What commands print with: standard output and error, tables, numbers, JSON and CSV, progress, and
 * the exceptions that end a command.
 */
package org.coop4j.cli.console;
