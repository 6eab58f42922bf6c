package org.coop4j.text;

/**
 * Lower case like Python's {@code str.lower}: the Unicode mapping without a locale, with the final sigma decided by the
 * Unicode rule only. {@code String.toLowerCase(Locale.ROOT)} differs: it consults a word-break iterator about the
 * sigma.
 */
final class LowerCase {
    /** Word_Break values MidLetter, MidNumLet and Single_Quote, which are case-ignorable. */
    private static final String MID_WORD =
            "'.:\u00b7\u0387\u055f\u05f4\u2018\u2019\u2024\u2027\ufe13\ufe52\ufe55\uff07\uff0e\uff1a";

    private LowerCase() {}

    static String of(String text) {
        int[] characters = text.codePoints().toArray();
        StringBuilder out = new StringBuilder(text.length());
        for (int i = 0; i < characters.length; i++) {
            int c = characters[i];
            if (c == 'Σ') {
                boolean last = isCasedBeside(characters, i, -1) && !isCasedBeside(characters, i, 1);
                out.append(last ? 'ς' : 'σ');
            } else if (c == 'İ') {
                out.append("i\u0307");
            } else {
                out.appendCodePoint(Character.toLowerCase(c));
            }
        }
        return out.toString();
    }

    /** Returns true if the nearest character in a direction that is not case-ignorable is cased. */
    private static boolean isCasedBeside(int[] characters, int from, int step) {
        int i = from + step;
        while (i >= 0 && i < characters.length && isCaseIgnorable(characters[i])) {
            i += step;
        }
        return i >= 0 && i < characters.length && isCased(characters[i]);
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
