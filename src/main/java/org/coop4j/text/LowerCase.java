package org.coop4j.text;

/**
 * Lower case as Python's {@code str.lower}: the Unicode mapping without a locale, with the final
 * sigma decided by the Unicode rule alone. {@code String.toLowerCase(Locale.ROOT)} differs: it asks
 * a word-break iterator about the sigma.
 */
final class LowerCase {
    private static final int CAPITAL_SIGMA = 0x03A3;
    private static final int SIGMA = 0x03C3;
    private static final int FINAL_SIGMA = 0x03C2;
    private static final int CAPITAL_I_WITH_DOT = 0x0130;

    /** Word_Break values MidLetter, MidNumLet and Single_Quote, which count as case-ignorable. */
    private static final String MID_WORD =
            "'.:\u00b7\u0387\u055f\u05f4\u2018\u2019\u2024\u2027\ufe13\ufe52\ufe55\uff07\uff0e\uff1a";

    private LowerCase() {}

    static String of(String text) {
        StringBuilder out = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); ) {
            int c = text.codePointAt(i);
            int next = i + Character.charCount(c);
            if (c == CAPITAL_SIGMA) {
                out.appendCodePoint(isFinal(text, i, next) ? FINAL_SIGMA : SIGMA);
            } else if (c == CAPITAL_I_WITH_DOT) {
                out.append("i\u0307");
            } else {
                out.appendCodePoint(Character.toLowerCase(c));
            }
            i = next;
        }
        return out.toString();
    }

    private static boolean isFinal(String text, int start, int end) {
        return casedBefore(text, start) && !casedAfter(text, end);
    }

    private static boolean casedBefore(String text, int end) {
        int i = end;
        while (i > 0) {
            int c = text.codePointBefore(i);
            if (!isCaseIgnorable(c)) {
                return isCased(c);
            }
            i -= Character.charCount(c);
        }
        return false;
    }

    private static boolean casedAfter(String text, int start) {
        int i = start;
        while (i < text.length()) {
            int c = text.codePointAt(i);
            if (!isCaseIgnorable(c)) {
                return isCased(c);
            }
            i += Character.charCount(c);
        }
        return false;
    }

    private static boolean isCased(int c) {
        return Character.isLowerCase(c) || Character.isUpperCase(c) || Character.isTitleCase(c);
    }

    private static boolean isCaseIgnorable(int c) {
        return switch (Character.getType(c)) {
            case Character.NON_SPACING_MARK,
                    Character.ENCLOSING_MARK,
                    Character.FORMAT,
                    Character.MODIFIER_LETTER,
                    Character.MODIFIER_SYMBOL -> true;
            default -> MID_WORD.indexOf(c) >= 0;
        };
    }
}
