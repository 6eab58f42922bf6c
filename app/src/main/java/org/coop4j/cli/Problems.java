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
import java.util.Comparator;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.console.CommandFailure;
import org.coop4j.console.Console;
import org.coop4j.console.StandardOutput;
import org.coop4j.console.WrongUsage;
import org.coop4j.graph.host.Backend.BackendException;
import org.coop4j.method.PromptLayout.PromptTooLongException;
import org.coop4j.method.train.Trainer.NonFiniteLossException;
import org.coop4j.text.TextTooLongException;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Turns what went wrong into one line for the user, and an exit code. */
final class Problems {

    /** What happened to a file. */
    private static final Map<Class<?>, String> OF_FILES = Map.of(
            NoSuchFileException.class, "no such file or folder: %s",
            AccessDeniedException.class, "no permission for %s",
            NotDirectoryException.class, "not a folder: %s",
            FileAlreadyExistsException.class, "%s exists already",
            DirectoryNotEmptyException.class, "the folder %s is not empty",
            FileSystemLoopException.class, "%s is a link to a folder above it");

    /** Exceptions whose message is for the user; so is that of every IOException. */
    private static final Set<Class<?>> FOR_USERS = Set.of(
            CommandFailure.class,
            TextTooLongException.class,
            PromptTooLongException.class,
            MemoryLimit.ExceededException.class,
            BackendException.class,
            NonFiniteLossException.class);

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
                e instanceof UnmatchedArgumentException unmatched ? unknown(unmatched) : String.valueOf(e.getMessage());
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
        Set<String> all =
                option ? spec.optionsMap().keySet() : spec.subcommands().keySet();
        String near = all.stream()
                .filter(known -> distance(name, known) <= (name.length() - 1) / 3)
                .min(Comparator.comparing(known -> distance(name, known)))
                .map(known -> "; did you mean " + known + "?")
                .orElse("");
        return "there is no %s '%s'%s".formatted(option ? "option" : "command", name, near);
    }

    /** Insertions, deletions, replacements and exchanges of neighbours that make b of a. */
    private static int distance(String a, String b) {
        int[][] d = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) {
                if (i == 0 || j == 0) {
                    d[i][j] = i + j;
                    continue;
                }
                int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
                d[i][j] = Math.min(d[i - 1][j - 1] + change, Math.min(d[i - 1][j], d[i][j - 1]) + 1);
                if (i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1)) {
                    d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
                }
            }
        }
        return d[a.length()][b.length()];
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
        return problem instanceof WrongUsage ? wrongUsage(problem, problem.getMessage(), command) : failed(problem);
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
        if (problem instanceof FileSystemException e) {
            String file = String.valueOf(e.getFile());
            String otherwise = e.getReason() == null
                    ? "cannot use %s"
                    : "%s: " + e.getReason().replace("%", "%%");
            return OF_FILES.getOrDefault(e.getClass(), otherwise).formatted(file);
        }
        if (FOR_USERS.contains(problem.getClass())
                || (problem instanceof IOException && problem.getMessage() != null)) {
            return problem.getMessage();
        }
        if (problem instanceof OutOfMemoryError) {
            return "out of memory (%s): give Java more, for example JAVA_OPTS=-Xmx8g".formatted(problem.getMessage());
        }
        return "internal error: %s; this is a bug (--debug shows where)".formatted(problem);
    }
}
