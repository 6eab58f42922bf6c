package org.coop4j.cli.console;

/**
 * Makes text safe to print: file names and class names come from strangers and may hold the
 * terminal's control sequences.
 */
public final class Printable {

    private Printable() {}

    /** The text with control characters (and line breaks) written as {@code \x1b}. */
    public static String of(String text) {
        StringBuilder safe = null;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isISOControl(c) && safe == null) {
                safe = new StringBuilder(text.length() + 8).append(text, 0, i);
            }
            if (safe != null) {
                safe.append(Character.isISOControl(c) ? "\\x%02x".formatted((int) c) : c);
            }
        }
        return safe == null ? text : safe.toString();
    }
}
