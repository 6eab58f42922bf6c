package org.coop4j.cli;

import java.util.concurrent.Callable;
import org.coop4j.console.Console;

/** A command, which prints to a console; its result is the exit code. */
public abstract class ConsoleCommand implements Callable<Integer> {

    /** Set before the command is called. */
    protected Console console;
}
