package org.coop4j.weights.pickle;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.coop4j.base.InputException;

/** The escapes of the text opcodes of protocol 0. */
final class PythonEscapes {
    private static final Pattern RAW_UNICODE =
            Pattern.compile("\\\\u([0-9a-fA-F]{4})|\\\\U0([0-9a-fA-F]{7})");
    private static final Pattern QUOTED =
            Pattern.compile("\\\\(?:x([0-9a-fA-F]{2})|([0-7]{1,3})|(.))");

    private PythonEscapes() {}

    /** The operand of UNICODE: backslash-u and backslash-U escapes alone. */
    static String rawUnicode(String line) {
        return RAW_UNICODE
                .matcher(line)
                .replaceAll(
                        match -> {
                            String digits =
                                    match.group(1) == null ? match.group(2) : match.group(1);
                            int codePoint = Integer.parseInt(digits, 16);
                            return Matcher.quoteReplacement(
                                    Character.isValidCodePoint(codePoint)
                                            ? Character.toString(codePoint)
                                            : match.group());
                        });
    }

    /** The operand of STRING: a Python string literal in its quotes. */
    static String quoted(String line, Budget budget) throws InputException {
        int last = line.length() - 1;
        if (last < 1 || line.charAt(0) != line.charAt(last) || "'\"".indexOf(line.charAt(0)) < 0) {
            throw budget.problem("has a string without quotes");
        }
        return QUOTED.matcher(line.substring(1, last))
                .replaceAll(
                        match -> {
                            String value;
                            if (match.group(1) != null) {
                                value = Character.toString(Integer.parseInt(match.group(1), 16));
                            } else if (match.group(2) != null) {
                                value = Character.toString(Integer.parseInt(match.group(2), 8));
                            } else {
                                value = simple(match.group(3));
                            }
                            return Matcher.quoteReplacement(value);
                        });
    }

    private static String simple(String escaped) {
        return switch (escaped) {
            case "n" -> "\n";
            case "t" -> "\t";
            case "r" -> "\r";
            case "\\", "'", "\"" -> escaped;
            default -> "\\" + escaped;
        };
    }
}
