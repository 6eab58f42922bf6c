package org.coop4j.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.Locale;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.console.CommandFailure;
import org.coop4j.console.Console;
import org.coop4j.console.StandardOutput;
import org.coop4j.console.WrongUsage;
import org.coop4j.data.DatasetException;
import org.coop4j.graph.host.Backend.BackendException;
import org.coop4j.image.ImageException;
import org.coop4j.method.PromptTooLongException;
import org.coop4j.text.TextTooLongException;
import org.coop4j.train.NonFiniteLossException;
import org.coop4j.base.InputException;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Turns what went wrong into one line for the user, and an exit code. */
final class Problems {

    private final Console console;
    private boolean stackTraces;

    Problems(Console console) {
        this.console = console;
    }

    /** Whether the stack trace is shown after the line. */
    void stackTraces(boolean shown) {
        stackTraces = shown;
    }

    /** A mistake on the command line that picocli finds. */
    int wrongUsage(ParameterException e, String[] ignoredArguments) {
        String message =
                e instanceof UnmatchedArgumentException unmatched
                        ? unknown(unmatched)
                        : String.valueOf(e.getMessage());
        return wrongUsage(e, message, e.getCommandLine());
    }

    private int wrongUsage(Exception e, String message, CommandLine command) {
        String name = command.getCommandSpec().qualifiedName();
        String line = message.replaceAll("\\s*\\R\\s*", " ").strip();
        String begin = line.substring(0, Math.min(1, line.length())).toLowerCase(Locale.ROOT);
        console.warn(begin + line.substring(begin.length()) + " (see " + name + " --help)");
        trace(e);
        return CommandLine.ExitCode.USAGE;
    }

    /** Names what is not known, and what is spelled almost as it is. */
    private static String unknown(UnmatchedArgumentException e) {
        String word = e.getUnmatched().get(0);
        CommandSpec spec = e.getCommandLine().getCommandSpec();
        boolean option = word.startsWith("-");
        if (!option && spec.subcommands().isEmpty()) {
            return "unexpected argument '" + word + "'";
        }
        String name = word.replaceFirst("=.*", "");
        return "there is no %s '%s'".formatted(option ? "option" : "command", name)
                + Spelling.nearest(
                                name,
                                option ? spec.optionsMap().keySet() : spec.subcommands().keySet())
                        .map(near -> "; did you mean " + near + "?")
                        .orElse("");
    }

    /** A failure of the work. */
    int failed(Throwable problem) {
        if (problem instanceof StandardOutput.ReaderGoneException) {
            return Coop.EXIT_READER_GONE;
        }
        if (processIsEnding()) {
            return CommandLine.ExitCode.SOFTWARE; // interrupted: files are closed under our hands
        }
        console.status("");
        console.warn(describe(problem));
        trace(problem);
        return CommandLine.ExitCode.SOFTWARE;
    }

    /** A failure of a command. */
    int failed(Exception problem, CommandLine command) {
        return problem instanceof WrongUsage
                ? wrongUsage(problem, problem.getMessage(), command)
                : failed(problem);
    }

    /** Whether the process was interrupted, which the runtime tells only who asks for more time. */
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

    /** What happened, for the user's eyes. */
    static String describe(Throwable problem) {
        if (problem instanceof UncheckedIOException e) {
            return describe(e.getCause());
        }
        if (problem instanceof CommandFailure
                || problem instanceof InputException
                || problem instanceof ImageException
                || problem instanceof DatasetException
                || problem instanceof TextTooLongException
                || problem instanceof PromptTooLongException
                || problem instanceof MemoryLimit.ExceededException
                || problem instanceof BackendException
                || problem instanceof NonFiniteLossException) {
            return problem.getMessage();
        }
        if (problem instanceof FileSystemException e) {
            return describe(e);
        }
        if (problem instanceof IOException && problem.getMessage() != null) {
            return problem.getMessage();
        }
        if (problem instanceof OutOfMemoryError) {
            return "out of memory (%s): give Java more, for example JAVA_OPTS=-Xmx8g"
                    .formatted(problem.getMessage());
        }
        return "internal error: %s; this is a bug (--debug shows where)".formatted(problem);
    }

    private static String describe(FileSystemException e) {
        String file = String.valueOf(e.getFile());
        if (e instanceof NoSuchFileException) {
            return "no such file or folder: " + file;
        }
        if (e instanceof AccessDeniedException) {
            return "no permission for " + file;
        }
        if (e instanceof NotDirectoryException) {
            return "not a folder: " + file;
        }
        if (e instanceof FileAlreadyExistsException) {
            return file + " exists already";
        }
        if (e instanceof DirectoryNotEmptyException) {
            return "the folder " + file + " is not empty";
        }
        if (e instanceof FileSystemLoopException) {
            return file + " is a link to a folder above it";
        }
        return e.getReason() == null ? "cannot use " + file : file + ": " + e.getReason();
    }
}
