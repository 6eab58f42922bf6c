package org.coop4j.studio;

import static org.eclipse.jetty.http.HttpStatus.BAD_REQUEST_400;
import static org.eclipse.jetty.http.HttpStatus.CONFLICT_409;
import static org.eclipse.jetty.http.HttpStatus.INSUFFICIENT_STORAGE_507;
import static org.eclipse.jetty.http.HttpStatus.NOT_FOUND_404;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.Locale;
import org.coop4j.image.ImageDecoder.ImageException;

/** A refusal or failure, in a sentence for the person, with the state of the pictures. */
final class StudioProblem extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** The state of the pictures if the work has not started. */
    static final String UNCHANGED = "Nothing is lost, and nothing was changed.";

    /** Name of a picture in messages of the decoder. */
    static final String UNNAMED = "picture";

    final int status;
    final String lost;
    String converter; // name of a program that may help, or null

    StudioProblem(int status, String message) {
        this(status, message, UNCHANGED);
    }

    StudioProblem(int status, String message, String lost) {
        super(message);
        this.status = status;
        this.lost = lost;
    }

    /** Refuses something before anything is done. */
    @SuppressWarnings("AnnotateFormatMethod") // the annotation is of a library
    static void require(boolean good, String message, Object... values) {
        if (!good) {
            throw new StudioProblem(BAD_REQUEST_400, message.formatted(values));
        }
    }

    /** Returns what was asked for; refuses it, by a message, if it is null. */
    static <T> T found(T one, String message) {
        if (one == null) {
            throw new StudioProblem(NOT_FOUND_404, message);
        }
        return one;
    }

    /** Returns the problem of a picture's content, in a sentence that begins with "It". */
    static String unreadable(IOException e) {
        String text = e instanceof ImageException image ? image.problem() : e.getMessage();
        return "It %s.".formatted(text.replaceFirst("^image %s ".formatted(UNNAMED), ""));
    }

    /** Returns the problem of something that was given, told by the library. */
    static StudioProblem of(IllegalArgumentException e) {
        String text = e.getMessage();
        return new StudioProblem(
                BAD_REQUEST_400, text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1) + ".");
    }

    /** Returns the problem of a file that could not be moved or written. */
    static StudioProblem of(IOException e, String file) {
        String reason = e instanceof FileSystemException f && f.getReason() != null ? f.getReason() : e.getMessage();
        String lower = String.valueOf(reason).toLowerCase(Locale.ROOT);
        boolean full = lower.contains("no space") || lower.contains("quota");
        String text = full
                ? "The disk is full: %s was not written. Free some space."
                : e instanceof NoSuchFileException
                        ? "%s is gone: it was moved or deleted elsewhere."
                        : e instanceof AccessDeniedException || lower.contains("read-only")
                                ? "%s cannot be written: change the permissions of its folder."
                                : "%s: " + reason.replace("%", "%%");
        return new StudioProblem(full ? INSUFFICIENT_STORAGE_507 : CONFLICT_409, text.formatted(file));
    }
}
