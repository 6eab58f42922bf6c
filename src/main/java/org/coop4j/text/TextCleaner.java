package org.coop4j.text;

/**
 * CLIP's cleaning of a text before it is split into words: repair, HTML character references
 * decoded twice, every run of white space one space, lower case.
 *
 * <p>CLIP repairs with the Python library ftfy; {@link UnicodeRepair} says which part of it is done
 * here. On text without mojibake the result is CLIP's. Letter, number and case tables are the Java
 * runtime's: Unicode 13 in Java 17.
 */
final class TextCleaner {
    private final HtmlEntities entities;
    private final UnicodeRepair repair;

    TextCleaner(HtmlEntities entities) {
        this.entities = entities;
        this.repair = new UnicodeRepair(entities);
    }

    String clean(String text) {
        String repaired = repair.repair(text);
        String unescaped = entities.unescape(entities.unescape(repaired));
        return LowerCase.of(collapseSpace(unescaped));
    }

    /** Without leading and trailing white space, and one space for each run within. */
    private static String collapseSpace(String text) {
        StringBuilder out = new StringBuilder(text.length());
        boolean pending = false;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (isSpace(c)) {
                pending = out.length() > 0;
                continue;
            }
            if (pending) {
                out.append(' ');
                pending = false;
            }
            out.append(c);
        }
        return out.toString();
    }

    /** The Unicode property White_Space, all of it in the basic plane. */
    private static boolean isSpace(char c) {
        return (c >= '\t' && c <= '\r')
                || c == ' '
                || c == 0x85
                || c == 0xA0
                || c == 0x1680
                || (c >= 0x2000 && c <= 0x200A)
                || c == 0x2028
                || c == 0x2029
                || c == 0x202F
                || c == 0x205F
                || c == 0x3000;
    }
}
