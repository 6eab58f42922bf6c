/**
 * Coverage-guided fuzzing of what reads files of strangers: any input is read or refused with the
 * exception for refusals, in bounded time and memory. {@code mvn -Pfuzz verify} fuzzes each target
 * for ten minutes, {@code -Dfuzz.duration=1m} for one.
 */
package org.coop4j.fuzz;
