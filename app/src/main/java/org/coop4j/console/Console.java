package org.coop4j.console;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.coop4j.base.Progress;
import org.coop4j.base.SafeText;

/**
 * Standard output and standard error of a command, in UTF-8. A status line (a progress bar) may stand at the bottom of
 * the terminal; other lines are printed above it. Safe for use by several threads.
 */
@SuppressWarnings("AnnotateFormatMethod") // the annotation is of a library
public final class Console implements Progress {

    private static final int DEFAULT_WIDTH = 80;
    private static final int LEAST_WIDTH = 40;
    private static final String CLEAR_LINE = "\r\u001b[K";

    private final StandardOutput output;
    private final PrintStream out;
    private final PrintStream err;
    private final boolean outIsTerminal;
    private final boolean errorIsTerminal;
    private final int width;
    private boolean quiet;
    private String status = "";

    /** A console whose results do not go to a terminal. */
    public Console(OutputStream out, OutputStream err, boolean errorIsTerminal, int width) {
        this(out, false, err, errorIsTerminal, width);
    }

    /**
     * @param errorIsTerminal true if {@code err} is a terminal that understands cursor movement
     * @param width columns of the terminal
     */
    public Console(OutputStream out, boolean outIsTerminal, OutputStream err, boolean errorIsTerminal, int width) {
        this.outIsTerminal = outIsTerminal;
        this.output = new StandardOutput(out);
        this.out = new PrintStream(new BufferedOutputStream(output), false, UTF_8);
        this.err = new PrintStream(err, true, UTF_8);
        this.errorIsTerminal = errorIsTerminal;
        this.width = width;
    }

    /**
     * Returns the console of this process.
     *
     * <p>Java cannot tell whether a stream is a terminal, so the launcher says it ({@code coop.stdout=terminal},
     * {@code coop.stderr=terminal}, {@code coop.columns}); without the launcher, Linux is asked.
     */
    public static Console system() {
        return new Console(
                new FileOutputStream(FileDescriptor.out),
                isTerminal("coop.stdout", 1),
                new FileOutputStream(FileDescriptor.err),
                isTerminal("coop.stderr", 2) && understandsCursor(System.getenv()),
                width(System.getProperty("coop.columns", "")));
    }

    private static boolean isTerminal(String property, int descriptor) {
        String told = System.getProperty(property);
        if (told != null) {
            return told.equals("terminal");
        }
        try {
            String device = Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor))
                    .toString();
            return device.startsWith("/dev/pts/") || device.startsWith("/dev/tty");
        } catch (IOException e) {
            return false; // another system
        }
    }

    public static boolean understandsCursor(Map<String, String> environment) {
        return !environment.getOrDefault("TERM", "").equals("dumb");
    }

    public static int width(String columns) {
        if (!columns.matches("[1-9][0-9]{1,3}")) {
            return DEFAULT_WIDTH;
        }
        return Math.max(LEAST_WIDTH, Integer.parseInt(columns));
    }

    /** Returns the stream of results. */
    public PrintStream out() {
        return out;
    }

    /** Returns the stream of everything else; {@link #line} respects the status line. */
    public PrintStream err() {
        return err;
    }

    /** Returns true if a line on standard error can be redrawn. */
    public boolean errorIsTerminal() {
        return errorIsTerminal;
    }

    /** Returns the columns of the terminal. */
    public int width() {
        return width;
    }

    /** Returns the columns of a line of results, any number if they do not go to a terminal. */
    int outWidth() {
        return outIsTerminal ? width : Integer.MAX_VALUE;
    }

    /** Shows only results and problems, or everything. */
    public void quiet(boolean newQuiet) {
        quiet = newQuiet;
    }

    /** Prints a JSON document as a result. */
    public void print(JsonNode document) {
        out.print(Json.text(document, true) + "\n");
    }

    /** Prints a JSON document as a result of one line, at once. */
    public void printLine(JsonNode document) {
        out.print(Json.text(document, false) + "\n");
        flush();
    }

    /** Prints a line as a result and makes it printable. */
    public void print(String line) {
        out.println(SafeText.line(line));
    }

    /** Prints a line with values in it, as {@link String#formatted}. */
    public void print(String form, Object... values) {
        print(form.formatted(values));
    }

    /** Prints a sentence with values in it. */
    public void paragraph(String form, Object... values) {
        paragraph(form.formatted(values));
    }

    /** Prints a note with values in it. */
    public void note(String form, Object... values) {
        note(form.formatted(values));
    }

    /** Prints a problem with values in it. */
    public void warn(String form, Object... values) {
        warn(form.formatted(values));
    }

    /** Prints a sentence as a result, broken at the width of the terminal. */
    public void paragraph(String text) {
        AlignedLines.wrapped(SafeText.line(text), width).forEach(out::println);
    }

    /** Prints a line on standard error, above the status line; a terminal breaks it between words. */
    public void line(String line) {
        int most = errorIsTerminal ? width : Integer.MAX_VALUE;
        above(() -> AlignedLines.wrapped(SafeText.line(ProblemText.withOptions(line)), most)
                .forEach(err::println));
    }

    /** Prints a line on standard error, unless the user asked for quiet. */
    @Override
    public void note(String message) {
        if (!quiet) {
            line(message);
        }
    }

    /** Prints a problem on standard error, also for a user who asked for quiet. */
    @Override
    public void warn(String message) {
        line("coop: " + message);
    }

    @Override
    public Task task(String name, long total, Unit unit) {
        return quiet
                ? Progress.NONE.task(name, total, unit)
                : new TaskDisplay(this, name, total, unit, System::nanoTime);
    }

    /** Runs code that prints whole lines to standard output above the status line. */
    public synchronized void above(Runnable printing) {
        if (!status.isEmpty()) {
            err.print(CLEAR_LINE);
        }
        err.flush();
        printing.run();
        out.flush(); // before the status line is drawn below it
        if (!status.isEmpty()) {
            err.print(status);
            err.flush();
        }
    }

    /** Replaces the status line; an empty one removes it. */
    public synchronized void status(String line) {
        if (!status.isEmpty() || !line.isEmpty()) {
            err.print(CLEAR_LINE + line);
            err.flush();
        }
        status = line;
    }

    /** Flushes the results and throws the first failure of writing them, if there was one. */
    public void flush() {
        out.flush();
        output.rethrow();
    }
}
