package org.coop4j.console;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.coop4j.base.RefusedException;
import org.coop4j.base.Resource;
import org.coop4j.graph.host.Backend.BackendException;
import org.coop4j.method.Trainer.NonFiniteLossException;
import org.coop4j.text.Tokenizer.TextTooLongException;

/** Describes exceptions to the user, in a line. */
public final class ProblemText {

    /** Messages about files. */
    private static final Map<Class<?>, String> OF_FILES = Map.of(
            NoSuchFileException.class, "no such file or folder: %s",
            AccessDeniedException.class, "no permission for %s",
            NotDirectoryException.class, "not a folder: %s",
            FileAlreadyExistsException.class, "%s exists already",
            DirectoryNotEmptyException.class, "the folder %s is not empty",
            FileSystemLoopException.class, "%s is a link to a folder above it");

    /** Exceptions with messages for the user; every IOException also has one. */
    private static final Set<Class<?>> FOR_USERS = Set.of(
            CommandFailure.class,
            RefusedException.class,
            TextTooLongException.class,
            NonFiniteLossException.class,
            BackendException.class);

    /** Advice in messages of the library, each with the option of the command line that follows it. */
    private static final List<String> ADVICE =
            Resource.text(ProblemText.class, "advice.txt").lines().toList();

    private ProblemText() {}

    /** Names the options that follow the advice in a message of the library, which knows no command line. */
    static String withOptions(String message) {
        String result = message;
        for (String advice : ADVICE) {
            result = result.replace(advice.substring(0, advice.indexOf(" (")), advice);
        }
        return result;
    }

    /** Describes a problem. */
    public static String of(Throwable problem) {
        if (problem instanceof UncheckedIOException e) {
            return of(e.getCause());
        }
        if (problem instanceof FileSystemException e) {
            String form = OF_FILES.get(e.getClass());
            return form != null
                    ? form.formatted(e.getFile())
                    : e.getReason() == null ? "cannot use " + e.getFile() : e.getFile() + ": " + e.getReason();
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
