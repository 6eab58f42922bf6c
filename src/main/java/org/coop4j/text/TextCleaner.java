package org.coop4j.text;

import java.text.Normalizer;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * CLIP's cleaning of a text before it is split into words: repair, HTML character references decoded twice, runs of
 * white space collapsed, lower case.
 *
 * <p>CLIP repairs with the Python library ftfy; {@link #repair} does a part of its work. On text without mojibake the
 * result is CLIP's. Letter, number and case tables are the Java runtime's: Unicode 13 in Java 17.
 */
final class TextCleaner {
    /** A regular expression of one character of white space. */
    static final String WHITE_SPACE = "\\p{IsWhite_Space}";

    static final Pattern SPACES = Pattern.compile(WHITE_SPACE + "+");

    /** White space of Python, which has four separators more, and punctuation of ASCII. */
    private static final Pattern PYTHON_SPACES = Pattern.compile("[\\p{IsWhite_Space}\\x1c-\\x1f]+");

    private static final Pattern HALVES = Pattern.compile("\\p{Cs}");
    private static final Pattern PUNCTUATION = Pattern.compile("[!-/:-@\\[-`{-~]");
    private static final Pattern OUTER_SPACE = Pattern.compile("^ | $");

    /** Largest number of repairs of a line: deeper nested references stay, so that the time is linear in the text. */
    private static final int MAX_REPAIRS = 16;

    /** Characters that Unicode's rule of the final sigma ignores; the last ones are those of Word_Break within words. */
    private static final String IGNORED = "\\p{Mn}\\p{Me}\\p{Cf}\\p{Lm}\\p{Sk}"
            + "'.:\u00b7\u0387\u055f\u05f4\u2018\u2019\u2024\u2027\ufe13\ufe52\ufe55\uff07\uff0e\uff1a";

    private static final Pattern FINAL_SIGMA = Pattern.compile("(%2$s[%1$s]*+)\u03a3(?![%1$s]*+%2$s)"
            .formatted(IGNORED, "[\\p{IsLowercase}\\p{IsUppercase}\\p{Lt}&&[^" + IGNORED + "]]"));

    /** The characters that a fix concerns, and their replacement. */
    private record Fix(Pattern pattern, UnaryOperator<String> replacement) {

        static Fix of(String pattern, String replacement) {
            return new Fix(Pattern.compile(pattern), found -> replacement);
        }

        String apply(String text) {
            return pattern.matcher(text)
                    .replaceAll(match -> Matcher.quoteReplacement(replacement.apply(match.group())));
        }
    }

    /** In this order: C1 controls may become quotes. */
    private static final List<Fix> FIXES = List.of(
            new Fix(
                    Pattern.compile("[\\x80-\\x9f]"),
                    control -> Character.toString(HtmlEntities.windows1252(control.charAt(0)))),
            Fix.of("[\\u02bc\\u2018-\\u201b]", "'"),
            Fix.of("[\\u201c-\\u201f]", "\""),
            Fix.of("\\u3000", " "), // ideographic space
            Fix.of("\\r\\n?|[\\u2028\\u2029]", "\n"),
            Fix.of("\\p{Cs}", "\ufffd"),
            Fix.of("\\ufb05", "\u017ft"), // NFKC would give "st"
            new Fix( // ligatures, full and half width
                    Pattern.compile(
                            "[\\u0132\\u0133\\u0149\\u01c4-\\u01cc\\u01f1-\\u01f3\\ufb00-\\ufb06\\uff01-\\uffef]"),
                    wide -> Normalizer.normalize(wide, Normalizer.Form.NFKC)),
            Fix.of("\u001b\\[[\\p{Nd};]*[a-zA-Z]", ""), // escapes of terminals
            // Control characters of ASCII (but tab and line breaks), Arabic and annotations, and the byte order mark.
            Fix.of("[\\x00-\\x08\\x0b\\x0e-\\x1f\\x7f\\u206a-\\u206f\\ufff9-\\ufffc\\ufeff]", ""));

    private final HtmlEntities entities;

    TextCleaner(HtmlEntities entities) {
        this.entities = entities;
    }

    String clean(String text) {
        return lowerCase(cleanKeepingCase(text));
    }

    /** Cleans as open_clip's {@code whitespace}: as for CLIP, but with capitals. */
    String cleanKeepingCase(String text) {
        return OUTER_SPACE
                .matcher(SPACES.matcher(unescaped(text)).replaceAll(" "))
                .replaceAll("");
    }

    private String unescaped(String text) {
        return entities.unescape(entities.unescape(repair(text)));
    }

    /** Cleans as open_clip's {@code canonicalize}: no references, no punctuation, lower case, spaces for underscores. */
    String canonicalize(String text) {
        String words = unescaped(text).replace('_', ' ');
        return squeezed(lowerCase(PUNCTUATION.matcher(words).replaceAll("")));
    }

    /** Cleans as Hugging Face's SigLIP: lower case, no punctuation; underscores are lost. */
    static String withoutPunctuation(String text) {
        return squeezed(PUNCTUATION.matcher(lowerCase(text)).replaceAll(""));
    }

    private static String squeezed(String text) {
        return OUTER_SPACE.matcher(PYTHON_SPACES.matcher(text).replaceAll(" ")).replaceAll("");
    }

    /** Puts each character in lower case by itself: a sigma at the end of a word is like any other. */
    static String lowerCaseOfEach(String text) {
        return text.replace('\u03a3', '\u03c3').toLowerCase(Locale.ROOT);
    }

    /** Removes white space from the sides of a text. */
    static String stripped(String text, boolean left, boolean right) {
        Matcher spaces = SPACES.matcher(text);
        int begin = left && spaces.lookingAt() ? spaces.end() : 0;
        int end = text.length();
        while (right
                && end > begin
                && SPACES.matcher(text.substring(end - 1, end)).matches()) {
            end--;
        }
        return text.substring(begin, end);
    }

    /** Returns a text with U+FFFD for halves of characters. */
    static String wellFormed(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (Character.isSurrogate(text.charAt(i))) {
                return HALVES.matcher(text).replaceAll("\ufffd");
            }
        }
        return text;
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
            after = html ? entities.unescapeUnambiguous(before) : before;
            for (Fix fix : FIXES) {
                after = fix.apply(after);
            }
            after = Normalizer.normalize(after, Normalizer.Form.NFC);
        }
        return after;
    }

    /**
     * Returns a text in lower case like Python's {@code str.lower}: the final sigma is decided by the Unicode rule only,
     * whereas {@code String.toLowerCase} consults a word-break iterator about it.
     */
    static String lowerCase(String text) {
        return FINAL_SIGMA
                .matcher(text)
                .replaceAll("$1\u03c2")
                .replace('\u03a3', '\u03c3')
                .toLowerCase(Locale.ROOT);
    }
}
