package org.coop4j.cli;

/**
 * What the command line asks of its log, as system properties: {@link CommandLineLog} reads them
 * where logback is on the class path, and nobody where another library writes the log.
 */
final class LogSettings {

    /** The least level that is shown; without it the log is not the command line's. */
    static final String LEVEL = "coop.log";

    /** How a line looks, as logback writes patterns; without it, plain. */
    static final String PATTERN = "coop.log.pattern";

    private LogSettings() {}

    /** Makes the log the command line's, unless it is already; before the first logger. */
    static void use() {
        System.getProperties().putIfAbsent(LEVEL, "WARN");
    }

    /** Has log lines shown too, with time and place, if the log is the command line's. */
    static void showAll() {
        System.getProperties().computeIfPresent(LEVEL, (name, level) -> "INFO");
        System.setProperty(PATTERN, "%d{HH:mm:ss.SSS} %-5level %logger{24}: %msg%n");
    }
}
