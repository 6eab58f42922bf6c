package org.coop4j.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.PatternLayout;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import ch.qos.logback.core.spi.ContextAwareBase;
import java.util.Properties;

/**
 * The command line's log: warnings on standard error as plain lines; with {@code --debug} also information, with time
 * and place. Logback finds this class as a service. It does nothing in an application that embeds coop4j, or if the
 * user has a logback configuration. It replaces an XML file, whose parser takes longer to start than the rest of the
 * log.
 */
public final class CommandLineLog extends ContextAwareBase implements Configurator {

    private static final String OWN_CONFIGURATION = "logback.configurationFile";
    private static final String PLAIN = "coop: %replace(%msg){'[\\p{Cntrl}\\x80-\\x9f]', '?'}%n";

    @Override
    public ExecutionStatus configure(LoggerContext logging) {
        return configure(logging, System.getProperties());
    }

    static ExecutionStatus configure(LoggerContext logging, Properties properties) {
        String level = properties.getProperty(Coop.LOG_LEVEL);
        if (level == null || properties.getProperty(OWN_CONFIGURATION) != null) {
            return ExecutionStatus.INVOKE_NEXT_IF_ANY;
        }
        Lines lines = new Lines(properties.getProperty(Coop.LOG_PATTERN, PLAIN));
        lines.setContext(logging);
        lines.start();
        Logger root = logging.getLogger(Logger.ROOT_LOGGER_NAME);
        root.setLevel(Level.toLevel(level, Level.WARN));
        root.addAppender(lines);
        // ND4J gives harmless warnings at each start.
        logging.getLogger("org.nd4j.imports.converters.ImportClassMapping").setLevel(Level.ERROR);
        logging.getLogger("org.eclipse.jetty").setLevel(Level.ERROR); // warnings quote what strangers send
        return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
    }

    /** Appender to standard error that parses its pattern at the first event, since there rarely is one. */
    static final class Lines extends AppenderBase<ILoggingEvent> {
        private final String pattern;
        private PatternLayout layout; // null until then

        Lines(String pattern) {
            this.pattern = pattern;
        }

        @Override
        protected void append(ILoggingEvent event) {
            System.err.print(text(event));
        }

        String text(ILoggingEvent event) {
            if (layout == null) {
                layout = new PatternLayout();
                layout.setContext(getContext());
                layout.setPattern(pattern);
                layout.start();
            }
            return layout.doLayout(event);
        }
    }
}
