package org.coop4j.text;

/** What the C1 control characters U+0080–U+009F mean when Windows-1252 was mistaken for Latin-1. */
final class Windows1252 {
    /** The five that Windows-1252 leaves undefined stay as they are. */
    private static final String C1 =
            "\u20ac\u0081\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u008d\u017d\u008f"
                + "\u0090\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u009d\u017e\u0178";

    private Windows1252() {}

    static boolean isC1(int codePoint) {
        return codePoint >= 0x80 && codePoint <= 0x9F;
    }

    static char decode(int c1) {
        return C1.charAt(c1 - 0x80);
    }
}
