package org.coop4j.cli;

import java.util.Set;
import org.coop4j.base.Spelling;
import org.coop4j.console.Console;
import org.coop4j.console.ProblemText;
import org.coop4j.console.StandardOutput;
import org.coop4j.console.WrongUsage;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Turns a problem into one line for the user and an exit code. */
final class Problems {

    private final Console console;
    /** True to show stack traces after the lines. */
    boolean stackTraces;

    Problems(Console console) {
        this.console = console;
    }

    /** Reports a mistake on the command line that picocli finds. */
    int wrongUsage(ParameterException e, String[] ignoredArguments) {
        String message = e instanceof UnmatchedArgumentException unmatched ? unknown(unmatched) : e.getMessage();
        return wrongUsage(e, message, e.getCommandLine());
    }

    private int wrongUsage(Exception e, String message, CommandLine command) {
        String line = message.replaceFirst("^Error: ", "")
                .replaceAll("\\s*\\R\\s*", " ")
                .strip();
        String name = command.getCommandSpec().qualifiedName();
        console.warn("%c%s (see %s --help)", Character.toLowerCase(line.charAt(0)), line.substring(1), name);
        trace(e);
        return CommandLine.ExitCode.USAGE;
    }

    private static String unknown(UnmatchedArgumentException e) {
        String word = e.getUnmatched().get(0);
        CommandSpec spec = e.getCommandLine().getCommandSpec();
        boolean option = word.startsWith("-");
        if (!option && spec.subcommands().isEmpty()) {
            return "unexpected argument '" + word + "'";
        }
        Set<String> all =
                option ? spec.optionsMap().keySet() : spec.subcommands().keySet();
        String name = word.replaceFirst("=.*", "");
        return "there is no %s '%s'%s".formatted(option ? "option" : "command", name, Spelling.hint(name, all));
    }

    /** Reports a failure of the work. */
    int failed(Throwable problem) {
        if (problem instanceof StandardOutput.ReaderGoneException) {
            return Coop.EXIT_READER_GONE;
        }
        if (processIsEnding()) {
            return CommandLine.ExitCode.SOFTWARE; // interrupted: open files were closed meanwhile
        }
        console.status("");
        console.warn(ProblemText.of(problem));
        trace(problem);
        return CommandLine.ExitCode.SOFTWARE;
    }

    /** Reports a failure of a command. */
    int failed(Exception problem, CommandLine command) {
        return problem instanceof WrongUsage ? wrongUsage(problem, problem.getMessage(), command) : failed(problem);
    }

    /** Returns true if the process was interrupted, which shows in the refusal of further shutdown hooks. */
    private static boolean processIsEnding() {
        Thread unused = new Thread(() -> {});
        try {
            Runtime.getRuntime().addShutdownHook(unused);
            return !Runtime.getRuntime().removeShutdownHook(unused);
        } catch (IllegalStateException e) {
            return true;
        }
    }

    private void trace(Throwable problem) {
        if (stackTraces) {
            problem.printStackTrace(console.err());
        }
    }
}
