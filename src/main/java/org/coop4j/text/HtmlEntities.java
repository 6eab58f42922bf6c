package org.coop4j.text;

import java.nio.charset.Charset;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.MatchResult;
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

    /** A decimal number, a hexadecimal one, or a name of up to 32 characters. */
    private static final Pattern REFERENCE =
            Pattern.compile("&(?:#([0-9]+);?|#[xX]([0-9a-fA-F]+);?|([^\\t\\n\\f <&#;]{1,32};?))");

    private static final Pattern UNAMBIGUOUS = Pattern.compile("&#?[0-9A-Za-z]{1,24};");
    private static final Charset WINDOWS_1252 = Charset.forName("windows-1252");

    /** Number of digits that any code point fits into, decimal or hexadecimal. */
    private static final int MAX_DIGITS = 7;

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
        return REFERENCE.matcher(text).replaceAll(match -> Matcher.quoteReplacement(text(match)));
    }

    /** Returns the text of a reference, or the reference itself. */
    private String text(MatchResult reference) {
        if (reference.group(1) != null) {
            return character(reference.group(1), 10);
        }
        if (reference.group(2) != null) {
            return character(reference.group(2), 16);
        }
        String name = reference.group(3);
        for (int length = name.length(); length > 1; length--) {
            String known = texts.get(name.substring(0, length));
            if (known != null) {
                return known + name.substring(length);
            }
        }
        return reference.group();
    }

    private static String character(String number, int radix) {
        String digits = number.replaceFirst("^0+(?=.)", "");
        int value = digits.length() > MAX_DIGITS ? Integer.MAX_VALUE : Integer.parseInt(digits, radix);
        if (value == 0
                || value > Character.MAX_CODE_POINT
                || (value >= Character.MIN_SURROGATE && value <= Character.MAX_SURROGATE)) {
            return "\uFFFD";
        }
        return isForbidden(value) ? "" : Character.toString(windows1252(value));
    }

    /**
     * Returns the character that Windows-1252 has for a control character of U+0080 to U+009F, which results from
     * mistaking that code for Latin-1; others, and the five that it leaves undefined, do not change.
     */
    static int windows1252(int codePoint) {
        if (codePoint < 0x80 || codePoint > 0x9F) {
            return codePoint;
        }
        char meant = new String(new byte[] {(byte) codePoint}, WINDOWS_1252).charAt(0);
        return meant == '\uFFFD' ? codePoint : meant;
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
