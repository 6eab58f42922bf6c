package org.coop4j.text;

import java.text.Normalizer;
import java.util.regex.Pattern;

/**
 * CLIP's cleaning of a text before it is split into words: repair, HTML character references decoded twice, runs of
 * white space collapsed, lower case.
 *
 * <p>CLIP repairs with the Python library ftfy; {@link #repair} does a part of its work. On text without mojibake the
 * result is CLIP's. Letter, number and case tables are the Java runtime's: Unicode 13 in Java 17.
 */
final class TextCleaner {
    private static final Pattern SPACES = Pattern.compile("\\p{IsWhite_Space}+");
    private static final Pattern OUTER_SPACE = Pattern.compile("^ | $");

    /** Control characters of ASCII (but tab and line breaks), Arabic and annotations, and the byte order mark. */
    private static final Pattern CONTROL =
            Pattern.compile("[\\x00-\\x08\\x0b\\x0e-\\x1f\\x7f\\u206a-\\u206f\\ufff9-\\ufffc\\ufeff]");

    /** Largest number of repairs of a line: deeper nested references stay, so that the time is linear in the text. */
    private static final int MAX_REPAIRS = 16;

    private static final Pattern TERMINAL_ESCAPE = Pattern.compile("\u001b\\[[\\p{Nd};]*[a-zA-Z]");

    private final HtmlEntities entities;

    TextCleaner(HtmlEntities entities) {
        this.entities = entities;
    }

    String clean(String text) {
        String repaired = repair(text);
        String unescaped = entities.unescape(entities.unescape(repaired));
        String collapsed = SPACES.matcher(unescaped).replaceAll(" ");
        return LowerCase.of(OUTER_SPACE.matcher(collapsed).replaceAll(""));
    }

    /**
     * Applies the fixes of {@code ftfy.fix_text} 6 that follow a fixed table or rule: character references if no {@code
     * <} is in the line or before, C1 controls read as Windows-1252, Latin ligatures, full and half width, curly
     * quotes, line breaks, lone surrogates, terminal escapes, control characters, and NFC; repeated until nothing
     * changes, 16 times at most. ftfy's statistical part, the repair of mojibake, is left out ({@code cafÃ©} is unchanged).
     */
    private String repair(String text) {
        if (isPlainAscii(text)) {
            return text;
        }
        StringBuilder out = new StringBuilder(text.length());
        boolean html = true;
        int start = 0;
        while (start < text.length()) {
            int end = text.indexOf('\n', start) + 1;
            end = end == 0 ? text.length() : end;
            String line = text.substring(start, end);
            html = html && line.indexOf('<') < 0;
            out.append(repairLine(line, html));
            start = end;
        }
        return out.toString();
    }

    private static boolean isPlainAscii(String text) {
        return text.chars().allMatch(c -> c >= ' ' && c <= '~' && c != '&');
    }

    private String repairLine(String line, boolean html) {
        String before = "";
        String after = line;
        for (int repairs = 0; repairs < MAX_REPAIRS && !after.equals(before); repairs++) {
            before = after;
            String unescaped = html ? entities.unescapeUnambiguous(before) : before;
            String breaks = mapCharacters(unescaped).replace("\r\n", "\n").replace('\r', '\n');
            String printed = TERMINAL_ESCAPE.matcher(breaks).replaceAll("");
            after = Normalizer.normalize(CONTROL.matcher(printed).replaceAll(""), Normalizer.Form.NFC);
        }
        return after;
    }

    private static String mapCharacters(String text) {
        StringBuilder out = new StringBuilder(text.length());
        text.codePoints().forEach(c -> appendMapped(c, out));
        return out.toString();
    }

    private static void appendMapped(int codePoint, StringBuilder out) {
        int c = HtmlEntities.isC1(codePoint) ? HtmlEntities.windows1252(codePoint) : codePoint;
        if (c == 0xFB05) {
            out.append("\u017ft"); // NFKC would give "st"
        } else if (isLigature(c) || (c >= 0xFF01 && c <= 0xFFEF)) {
            out.append(Normalizer.normalize(Character.toString(c), Normalizer.Form.NFKC));
        } else {
            out.appendCodePoint(plain(c));
        }
    }

    private static int plain(int c) {
        return switch (c) {
            case 0x3000 -> ' '; // ideographic space
            case 0x02BC, 0x2018, 0x2019, 0x201A, 0x201B -> '\'';
            case 0x201C, 0x201D, 0x201E, 0x201F -> '"';
            case 0x2028, 0x2029 -> '\n';
            default -> c >= 0xD800 && c <= 0xDFFF ? 0xFFFD : c;
        };
    }

    private static boolean isLigature(int c) {
        return c == 0x0132
                || c == 0x0133
                || c == 0x0149
                || (c >= 0x01C4 && c <= 0x01CC)
                || (c >= 0x01F1 && c <= 0x01F3)
                || (c >= 0xFB00 && c <= 0xFB06);
    }
}
