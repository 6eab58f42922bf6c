package org.coop4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.Configurator.ExecutionStatus;
import ch.qos.logback.classic.spi.LoggingEvent;
import java.util.Properties;
import java.util.ServiceLoader;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CommandLineLogTest {

    private final LoggerContext logging = new LoggerContext();
    private final Logger root = logging.getLogger(Logger.ROOT_LOGGER_NAME);
    private final Properties properties = new Properties();

    @AfterEach
    void stop() {
        logging.stop();
    }

    private String line(Level level, String message) {
        Logger logger = logging.getLogger("org.coop4j.Some");
        LoggingEvent event = new LoggingEvent("", logger, level, message, null, null);
        return ((CommandLineLog.Lines) root.iteratorForAppenders().next()).text(event);
    }

    @Test
    void aWarningIsAPlainLine() {
        properties.setProperty("coop.log", "WARN");
        assertThat(CommandLineLog.configure(logging, properties)).isEqualTo(ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY);
        assertThat(line(Level.WARN, "no\nfit\u009b")).isEqualTo("coop: no?fit?" + System.lineSeparator());
        assertThat(logging.getLogger("org.coop4j.Some").isInfoEnabled()).isFalse();
    }

    @Test
    void levelAndPatternAreThoseAskedFor() {
        properties.setProperty("coop.log", "INFO");
        properties.setProperty("coop.log.pattern", "%level %logger{0}: %msg");
        CommandLineLog.configure(logging, properties);
        assertThat(line(Level.INFO, "x")).isEqualTo("INFO Some: x");
        assertThat(logging.getLogger("org.coop4j.Some").isInfoEnabled()).isTrue();
    }

    @Test
    void anApplicationAndAUserWithAConfigurationKeepTheirLog() {
        assertThat(CommandLineLog.configure(logging, properties)).isEqualTo(ExecutionStatus.INVOKE_NEXT_IF_ANY);
        properties.setProperty("coop.log", "WARN");
        properties.setProperty("logback.configurationFile", "mine.xml");
        assertThat(CommandLineLog.configure(logging, properties)).isEqualTo(ExecutionStatus.INVOKE_NEXT_IF_ANY);
        assertThat(root.iteratorForAppenders().hasNext()).isFalse();
    }

    @Test
    void logbackFindsIt() {
        assertThat(ServiceLoader.load(Configurator.class)).hasAtLeastOneElementOfType(CommandLineLog.class);
    }
}
