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

    /** Decodes the operand of UNICODE, whose only escapes are backslash-u and backslash-U. */
    static String rawUnicode(String line) {
        return RAW_UNICODE.matcher(line).replaceAll(match -> {
            int codePoint = Integer.parseInt(match.group(1) == null ? match.group(2) : match.group(1), 16);
            return Matcher.quoteReplacement(
                    Character.isValidCodePoint(codePoint) ? Character.toString(codePoint) : match.group());
        });
    }

    /** Decodes the operand of STRING: a Python string literal in its quotes. */
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
                value = unescaped(match.group(3));
            }
            return Matcher.quoteReplacement(value);
        });
    }

    private static String unescaped(String character) {
        return switch (character) {
            case "n" -> "\n";
            case "t" -> "\t";
            case "r" -> "\r";
            case "\\", "'", "\"" -> character;
            default -> "\\" + character;
        };
    }

    /** Parses a decimal number of protocol 0, or one of its two notations of a boolean. */
    static Object integer(String line, Budget budget) throws IOException {
        if (line.equals("00") || line.equals("01")) {
            return line.equals("01");
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

    /** Parses a floating-point number, as Python prints it. */
    static double real(String line, Budget budget) throws IOException {
        try {
            String number = line.replace("inf", "Infinity").replace("nan", "NaN");
            return Double.parseDouble(line.length() > 64 ? "too long" : number);
        } catch (NumberFormatException e) {
            throw budget.problem("has a malformed number");
        }
    }

    /** Reads an integer in two's complement, least significant byte first. */
    static Object integer(PickleInput in, int bytes, Budget budget) throws IOException {
        if (bytes < 0 || bytes > budget.limits().maxIntegerBytes()) {
            throw budget.problem("has an integer of " + Integer.toUnsignedString(bytes) + " bytes");
        }
        byte[] littleEndian = in.bytes(bytes);
        byte[] bigEndian = new byte[bytes];
        for (int i = 0; i < bytes; i++) {
            bigEndian[i] = littleEndian[bytes - 1 - i];
        }
        return bytes == 0 ? 0L : narrow(new BigInteger(bigEndian));
    }

    private static Object narrow(BigInteger value) {
        return value.bitLength() < Long.SIZE ? (Object) value.longValue() : value;
    }
}
