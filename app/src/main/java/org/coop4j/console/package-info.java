/**
 * Output of commands: standard output and error, progress, tables with their formats, JSON, and the exceptions that end
 * a command.
 */
package org.coop4j.console;
