package org.coop4j.weights.pickle;

import java.io.IOException;
import java.math.BigInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.coop4j.base.InputException;

/** Operands of opcodes in Python's notation: numbers, and the string literals of protocol 0. */
final class PickleText {

    private static final Pattern RAW_UNICODE = Pattern.compile("\\\\u([0-9a-fA-F]{4})|\\\\U0([0-9a-fA-F]{7})");
    private static final Pattern QUOTED = Pattern.compile("\\\\(?:x([0-9a-fA-F]{2})|([0-7]{1,3})|(.))");

    private PickleText() {}

    /** The operand of UNICODE: backslash-u and backslash-U escapes alone. */
    static String rawUnicode(String line) {
        return RAW_UNICODE.matcher(line).replaceAll(match -> {
            String digits = match.group(1) == null ? match.group(2) : match.group(1);
            int codePoint = Integer.parseInt(digits, 16);
            return Matcher.quoteReplacement(
                    Character.isValidCodePoint(codePoint) ? Character.toString(codePoint) : match.group());
        });
    }

    /** The operand of STRING: a Python string literal in its quotes. */
    static String quoted(String line, Budget budget) throws InputException {
        int last = line.length() - 1;
        if (last < 1 || line.charAt(0) != line.charAt(last) || "'\"".indexOf(line.charAt(0)) < 0) {
            throw budget.problem("has a string without quotes");
        }
        return QUOTED.matcher(line.substring(1, last)).replaceAll(match -> {
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

    /** A decimal number of protocol 0, or one of its two ways to write a boolean. */
    static Object integer(String line, Budget budget) throws IOException {
        switch (line) {
            case "00" -> {
                return false;
            }
            case "01" -> {
                return true;
            }
            default -> {}
        }
        if (line.length() > 2 * budget.limits().maxIntegerBytes()) {
            throw budget.problem("has an integer of " + line.length() + " digits");
        }
        try {
            return narrow(new BigInteger(line.strip()));
        } catch (NumberFormatException e) {
            throw budget.problem("has a malformed integer");
        }
    }

    /** A number with a fraction, as Python prints it. */
    static double real(String line, Budget budget) throws IOException {
        return switch (line) {
            case "inf" -> Double.POSITIVE_INFINITY;
            case "-inf" -> Double.NEGATIVE_INFINITY;
            case "nan", "-nan" -> Double.NaN;
            default -> {
                try {
                    yield Double.valueOf(line.length() > 64 ? "too long" : line);
                } catch (NumberFormatException e) {
                    throw budget.problem("has a malformed number");
                }
            }
        };
    }

    /** So many bytes in two's complement, the least significant first. */
    static Object integer(PickleInput in, int bytes, Budget budget) throws IOException {
        if (bytes < 0 || bytes > budget.limits().maxIntegerBytes()) {
            throw budget.problem("has an integer of " + Integer.toUnsignedString(bytes) + " bytes");
        }
        if (bytes == 0) {
            return 0L;
        }
        byte[] bigEndian = in.bytes(bytes);
        for (int i = 0, j = bytes - 1; i < j; i++, j--) {
            byte swap = bigEndian[i];
            bigEndian[i] = bigEndian[j];
            bigEndian[j] = swap;
        }
        return narrow(new BigInteger(bigEndian));
    }

    private static Object narrow(BigInteger value) {
        return value.bitLength() < Long.SIZE ? (Object) value.longValue() : value;
    }
}
