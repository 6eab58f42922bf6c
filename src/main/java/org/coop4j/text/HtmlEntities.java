package org.coop4j.text;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.coop4j.base.Resource;

/**
 * Character references of HTML, decoded like Python's {@code html.unescape} (the HTML Standard, section 13.2.5.72 ff.):
 * all 2,231 names, names without their semicolon if the standard has them, the longest known beginning of an unknown
 * name, and the standard's replacements of invalid numbers.
 */
final class HtmlEntities {
    private static final String RESOURCE = "html-entities.txt";
    private static final int MAX_NAME = 32;
    private static final String REPLACEMENT = "\uFFFD";
    private static final Pattern UNAMBIGUOUS = Pattern.compile("&#?[0-9A-Za-z]{1,24};");

    /** Meanings of U+0080–U+009F; the five that Windows-1252 leaves undefined do not change. */
    private static final String C1 =
            "\u20ac\u0081\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u008d\u017d\u008f"
                    + "\u0090\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u009d\u017e\u0178";

    /** Text by name; the key includes the semicolon if the reference does. */
    private final Map<String, String> texts;

    private HtmlEntities(Map<String, String> texts) {
        this.texts = texts;
    }

    static HtmlEntities load() {
        return new HtmlEntities(parse(Resource.text(HtmlEntities.class, RESOURCE)));
    }

    private static Map<String, String> parse(String lines) {
        Map<String, String> texts = new HashMap<>();
        for (String line : lines.lines().filter(line -> !line.startsWith("#")).toList()) {
            String[] parts = line.split(" ", -1); // name, code points
            StringBuilder text = new StringBuilder();
            for (int i = 1; i < parts.length; i++) {
                text.appendCodePoint(Integer.parseInt(parts[i], 16));
            }
            texts.put(parts[0], text.toString());
            if (!parts[0].endsWith(";")) {
                texts.put(parts[0] + ";", text.toString());
            }
        }
        return texts;
    }

    /** Decodes all character references, like Python's {@code html.unescape}. */
    String unescape(String text) {
        int ampersand = text.indexOf('&');
        if (ampersand < 0) {
            return text;
        }
        StringBuilder out = new StringBuilder(text.length());
        int copied = 0;
        while (ampersand >= 0) {
            out.append(text, copied, ampersand);
            copied = reference(text, ampersand, out);
            ampersand = text.indexOf('&', copied);
        }
        return out.append(text, copied, text.length()).toString();
    }

    /** Appends the text of the reference at the ampersand, or the reference itself; returns its end. */
    private int reference(String text, int ampersand, StringBuilder out) {
        int start = ampersand + 1;
        if (start < text.length() && text.charAt(start) == '#') {
            return numeric(text, ampersand, out);
        }
        int end = nameEnd(text, start);
        String name = text.substring(start, end);
        for (int length = name.length(); length > 1; length--) {
            String known = texts.get(name.substring(0, length));
            if (known != null) {
                out.append(known).append(name, length, name.length());
                return end;
            }
        }
        out.append('&').append(name);
        return end;
    }

    /** Returns the end of up to 32 code points that may be a name, and a semicolon. */
    private static int nameEnd(String text, int start) {
        int end = start;
        for (int n = 0; n < MAX_NAME && end < text.length(); n++) {
            int c = text.codePointAt(end);
            if ("\t\n\f <&#;".indexOf(c) >= 0) {
                break;
            }
            end += Character.charCount(c);
        }
        boolean semicolon = end > start && end < text.length() && text.charAt(end) == ';';
        return semicolon ? end + 1 : end;
    }

    private static int numeric(String text, int ampersand, StringBuilder out) {
        int at = ampersand + 2;
        boolean hex = at < text.length() && (text.charAt(at) == 'x' || text.charAt(at) == 'X');
        int radix = hex ? 16 : 10;
        int start = hex ? at + 1 : at;
        int end = start;
        long value = 0;
        while (end < text.length() && asciiDigit(text.charAt(end), radix) >= 0) {
            // Saturates above the last code point, so that a long number cannot overflow.
            value = Math.min(value * radix + asciiDigit(text.charAt(end), radix), 0x110000);
            end++;
        }
        if (end == start) {
            out.append('&');
            return ampersand + 1;
        }
        out.append(character((int) value));
        return end < text.length() && text.charAt(end) == ';' ? end + 1 : end;
    }

    private static int asciiDigit(char c, int radix) {
        return c < 0x80 ? Character.digit(c, radix) : -1;
    }

    private static String character(int value) {
        if (value == 0
                || value > Character.MAX_CODE_POINT
                || (value >= Character.MIN_SURROGATE && value <= Character.MAX_SURROGATE)) {
            return REPLACEMENT;
        }
        if (isC1(value)) {
            return String.valueOf(windows1252(value));
        }
        return isForbidden(value) ? "" : Character.toString(value);
    }

    /** Returns true for the control characters that result from mistaking Windows-1252 for Latin-1. */
    static boolean isC1(int codePoint) {
        return codePoint >= 0x80 && codePoint <= 0x9F;
    }

    /** Returns the character that Windows-1252 has for a C1 control character. */
    static char windows1252(int c1) {
        return C1.charAt(c1 - 0x80);
    }

    /** Returns true for control characters and noncharacters, which are parse errors and dropped by Python. */
    private static boolean isForbidden(int value) {
        boolean control = (value < 0x20 && "\t\n\f\r".indexOf(value) < 0) || value == 0x7F;
        boolean nonCharacter = (value >= 0xFDD0 && value <= 0xFDEF) || (value & 0xFFFE) == 0xFFFE;
        return control || nonCharacter;
    }

    /**
     * Decodes only references that end in a semicolon, and capitalised names, like ftfy's {@code unescape_html}: in
     * text that is not known to be HTML, {@code this&not that} must not change.
     */
    String unescapeUnambiguous(String text) {
        if (text.indexOf('&') < 0) {
            return text;
        }
        return UNAMBIGUOUS.matcher(text).replaceAll(match -> Matcher.quoteReplacement(unambiguous(match.group())));
    }

    private String unambiguous(String reference) {
        if (reference.charAt(1) == '#') {
            String text = unescape(reference);
            return text.indexOf(';') >= 0 ? reference : text;
        }
        String name = reference.substring(1);
        String text = texts.containsKey(name) ? texts.get(name) : capitalised(name);
        return text == null ? reference : text;
    }

    /** Returns the text of a name in capitals that HTML does not have, such as {@code EACUTE;} in databases. */
    private String capitalised(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        String text = texts.get(lower);
        String reference = "&" + name;
        boolean unknown = unescape(reference).equals(reference);
        boolean capitals = name.equals(lower.toUpperCase(Locale.ROOT));
        return text != null && capitals && unknown ? text.toUpperCase(Locale.ROOT) : null;
    }
}
