package org.coop4j.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.PatternLayout;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.LayoutBase;
import ch.qos.logback.core.encoder.LayoutWrappingEncoder;
import ch.qos.logback.core.spi.ContextAwareBase;
import java.util.Properties;

/**
 * The command line's log: warnings on standard error, a plain line each; with {@code --debug}, more of them with time and place. Logback finds it as a service; in an
 * application that embeds coop4j, and where the user has a configuration of logback, it does
 * nothing. It is no file as the parser of XML takes longer to start than all else of the log.
 */
public final class CommandLineLog extends ContextAwareBase implements Configurator {

    private static final String OWN_CONFIGURATION = "logback.configurationFile";
    private static final String PLAIN = "coop: %replace(%msg){'\\p{Cntrl}', '?'}%n";

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
        LayoutWrappingEncoder<ILoggingEvent> encoder = new LayoutWrappingEncoder<>();
        encoder.setContext(logging);
        encoder.setLayout(lines);
        encoder.start();
        ConsoleAppender<ILoggingEvent> appender = new ConsoleAppender<>();
        appender.setContext(logging);
        appender.setName("stderr");
        appender.setTarget("System.err");
        appender.setEncoder(encoder);
        appender.start();
        Logger root = logging.getLogger(Logger.ROOT_LOGGER_NAME);
        root.setLevel(Level.toLevel(level, Level.WARN));
        root.addAppender(appender);
        // Harmless warnings of ND4J at each start.
        logging.getLogger("org.nd4j.imports.converters.ImportClassMapping").setLevel(Level.ERROR);
        return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
    }

    /** Reads its pattern when there is something to say, which is rare. */
    private static final class Lines extends LayoutBase<ILoggingEvent> {
        private final String pattern;
        private PatternLayout layout; // null until then

        Lines(String pattern) {
            this.pattern = pattern;
        }

        @Override
        public synchronized String doLayout(ILoggingEvent event) {
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
