package org.coop4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;

/** What disks, copies and hands do to a file. */
enum Damage {
    BIT,
    BYTE,
    DIGIT,
    CUT,
    HOLE,
    ZEROS,
    TWICE,
    MORE,
    EMPTY;

    private static final int LONGEST = 512;

    /** Damages a file in one of these ways, and tells how. */
    static String apply(Path file, Random random) throws IOException {
        byte[] before = Files.readAllBytes(file);
        while (true) {
            byte[] bytes = before.clone();
            Damage how = values()[random.nextInt(values().length)];
            int at = random.nextInt(bytes.length);
            int length = 1 + random.nextInt(Math.min(LONGEST, bytes.length - at));
            byte[] after = how.damaged(bytes, at, length, random);
            if (!Arrays.equals(before, after)) {
                Files.write(file, after);
                return "%s from byte %d on".formatted(how, Arrays.mismatch(before, after));
            }
        }
    }

    private byte[] damaged(byte[] bytes, int at, int length, Random random) {
        switch (this) {
            case BIT -> bytes[at] ^= (byte) (1 << random.nextInt(8));
            case BYTE -> bytes[at] = (byte) random.nextInt(256);
            case DIGIT -> {
                int[] digits = IntStream.range(0, bytes.length)
                        .filter(i -> Character.isDigit(bytes[i]))
                        .toArray();
                if (digits.length > 0) {
                    bytes[digits[random.nextInt(digits.length)]] = (byte) ('0' + random.nextInt(10));
                }
            }
            case ZEROS -> Arrays.fill(bytes, at, at + length, (byte) 0);
            case CUT -> {
                return joined(bytes, at, bytes.length);
            }
            case HOLE -> {
                return joined(bytes, at, at + length);
            }
            case TWICE -> {
                return joined(bytes, at + length, at);
            }
            case MORE -> {
                return joined(bytes, bytes.length, at);
            }
            case EMPTY -> {
                return new byte[0];
            }
        }
        return bytes;
    }

    /** What lies before one place, and what lies from another one. */
    private static byte[] joined(byte[] bytes, int end, int start) {
        byte[] all = Arrays.copyOf(bytes, end + bytes.length - start);
        System.arraycopy(bytes, start, all, end, bytes.length - start);
        return all;
    }
}
