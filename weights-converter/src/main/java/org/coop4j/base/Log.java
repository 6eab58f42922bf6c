package org.coop4j.base;

import java.util.ServiceLoader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.SLF4JServiceProvider;

/** The loggers of this project, all of them made here. */
public final class Log {

    private static final String VERBOSITY = "slf4j.internal.verbosity";

    private static boolean started;

    private Log() {}

    /** Returns the log of a class. */
    public static Logger of(Class<?> type) {
        start();
        return LoggerFactory.getLogger(type);
    }

    /**
     * Starts slf4j. An application that has no provider of slf4j wants no log, and slf4j's lines about that are kept off its
     * standard error: slf4j reads its own property only here, where it is set while nobody else has set it.
     */
    public static synchronized void start() {
        if (!started) {
            boolean wanted =
                    ServiceLoader.load(SLF4JServiceProvider.class, LoggerFactory.class.getClassLoader()).stream()
                            .findAny()
                            .isPresent();
            boolean set = !wanted && System.getProperties().putIfAbsent(VERBOSITY, "ERROR") == null;
            LoggerFactory.getILoggerFactory();
            if (set) {
                System.clearProperty(VERBOSITY);
            }
            started = true;
        }
    }
}
