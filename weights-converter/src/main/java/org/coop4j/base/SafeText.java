package org.coop4j.base;

import java.util.function.IntPredicate;

/**
 * Untrusted text (names of files, classes and datasets, error messages) made safe to show: characters that could
 * control a terminal or reorder a line are escaped in hexadecimal, as in Java.
 */
public final class SafeText {

    private SafeText() {}

    /** Returns one line; line breaks and tabs are escaped too. */
    public static String line(String text) {
        return escaped(text, "");
    }

    /** Returns the text with its line breaks and tabs. */
    public static String lines(String text) {
        return escaped(text, "\t\n");
    }

    /** Returns the text as content or attribute value of HTML and XML. */
    public static String xml(String text) {
        return lines(text)
                .replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;")
                .replace("'", "&#39;");
    }

    /** Returns the text, or its first {@code most} characters and an ellipsis. */
    public static String shortened(String text, int most) {
        if (text.codePointCount(0, text.length()) <= most) {
            return text;
        }
        return text.substring(0, text.offsetByCodePoints(0, most)) + "\u2026";
    }

    private static String escaped(String text, String kept) {
        IntPredicate hidden = c -> isHarmful(c) && kept.indexOf(c) < 0;
        if (text.codePoints().noneMatch(hidden)) {
            return text;
        }
        StringBuilder safe = new StringBuilder(text.length() + 8);
        text.codePoints().forEach(c -> {
            if (hidden.test(c)) {
                safe.append((c < 256 ? "\\x%02x" : "\\u%04x").formatted(c));
            } else {
                safe.appendCodePoint(c);
            }
        });
        return safe.toString();
    }

    /** Returns true for controls, lone surrogates, line separators, and marks that change the writing direction. */
    public static boolean isHarmful(int c) {
        boolean surrogate = c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE;
        boolean separatorOrOverride = c >= 0x2028 && c <= 0x202E; // of lines and paragraphs; of the writing direction
        boolean isolate = c >= 0x2066 && c <= 0x2069;
        boolean noCharacter = c == 0xFFFE || c == 0xFFFF;
        return Character.isISOControl(c) || surrogate || separatorOrOverride || isolate || noCharacter;
    }
}
