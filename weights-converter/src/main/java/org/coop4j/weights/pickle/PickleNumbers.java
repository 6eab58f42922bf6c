package org.coop4j.weights.pickle;

import java.io.IOException;
import java.math.BigInteger;

/** Numbers of a pickle: a long where one fits, else a {@link BigInteger}. */
record PickleNumbers(Budget budget, PickleLimits limits) {

    /** A decimal number of protocol 0, or one of its two ways to write a boolean. */
    Object integer(String line) throws IOException {
        switch (line) {
            case "00" -> {
                return false;
            }
            case "01" -> {
                return true;
            }
            default -> {}
        }
        if (line.length() > 2 * limits.maxIntegerBytes()) {
            throw budget.problem("has an integer of " + line.length() + " digits");
        }
        try {
            return narrow(new BigInteger(line.strip()));
        } catch (NumberFormatException e) {
            throw budget.problem("has a malformed integer");
        }
    }

    /** A number with a fraction, as Python prints it. */
    double real(String line) throws IOException {
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
    Object integer(PickleInput in, int bytes) throws IOException {
        if (bytes < 0 || bytes > limits.maxIntegerBytes()) {
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
