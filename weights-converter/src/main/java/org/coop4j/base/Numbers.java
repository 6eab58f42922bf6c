package org.coop4j.base;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Numbers formatted for people: in tables, pages, charts and messages. */
public final class Numbers {

    /** Shown instead of an unknown number. */
    public static final String UNKNOWN = "–";

    private static final double LEAST_P = 0.001;

    /** Names in a message. */
    private static final int NAMED = 5;

    private static final Pattern BYTES = Pattern.compile("(\\d{1,9})([kKmMgG]?)[bB]?");
    private static final String[] BYTE_UNITS = {"B", "kB", "MB", "GB", "TB"};

    private Numbers() {}

    /** Formats as "63.58"; a number that is not finite is a dash. */
    public static String number(double value, int decimals) {
        return Double.isFinite(value) ? fixed(value, decimals).replace('-', '−') : UNKNOWN;
    }

    /** Formats with all significant digits: "8", "0.5". */
    public static String plain(double value) {
        return value == Math.rint(value) && Math.abs(value) < 1e15
                ? String.valueOf((long) value)
                : String.valueOf(value);
    }

    /** Formats a number from 0 to 100 as "12.3 %". */
    public static String percent(double percentage) {
        return percent(percentage, 1);
    }

    /** Formats a number from 0 to 100 as "63.58 %". */
    public static String percent(double percentage, int decimals) {
        return number(percentage, decimals) + " %";
    }

    /** Formats a difference as "+12.3", "−0.5", "0.0". */
    public static String signed(double value, int decimals) {
        String text = number(value, decimals);
        return value > 0 && !text.equals(fixed(0, decimals)) ? "+" + text : text;
    }

    /** Formats a p-value as "0.013", "{@literal <} 0.001". */
    public static String probability(double p) {
        return p < LEAST_P ? "< 0.001" : number(p, 3);
    }

    /** Formats as "1,234,567". */
    public static String count(long n) {
        return String.format(Locale.ROOT, "%,d", n);
    }

    /** Formats as "1 image", "2 images". */
    public static String count(long n, String noun) {
        return count(n, noun, noun + "s");
    }

    /** Formats as "1 class", "1,000 classes". */
    public static String count(long n, String one, String many) {
        return count(n) + " " + (n == 1 ? one : many);
    }

    /** Joins words as "a", "a and b", "a, b and c". */
    public static String list(List<String> words) {
        int last = words.size() - 1;
        return last < 1
                ? String.join("", words)
                : String.join(", ", words.subList(0, last)) + " and " + words.get(last);
    }

    /** Joins at most {@code most} words as "a, b and 3 more". */
    public static String some(List<String> words, int most) {
        return cut(words, most, " and " + (words.size() - most) + " more");
    }

    /** Joins at most five words as "a, b, …". */
    public static String first(Collection<?> words) {
        return first(words, NAMED);
    }

    /** Joins at most {@code most} words as "a, b, …". */
    public static String first(Collection<?> words, int most) {
        return cut(words, most, ", …");
    }

    private static String cut(Collection<?> words, int most, String rest) {
        String shown = words.stream().limit(most).map(String::valueOf).collect(Collectors.joining(", "));
        return words.size() <= most ? shown : shown + rest;
    }

    /** Formats bytes in decimal units: "337.6 MB". */
    public static String bytes(long bytes) {
        double value = bytes;
        int unit = 0;
        while (value >= 999.5 && unit < BYTE_UNITS.length - 1) {
            value /= 1000;
            unit++;
        }
        return String.format(Locale.ROOT, unit == 0 ? "%.0f %s" : "%.1f %s", value, BYTE_UNITS[unit]);
    }

    /**
     * Reads bytes written as a number with K, M or G, such as {@code 800M}; a K has 1,024 bytes.
     *
     * @throws IllegalArgumentException if they are written otherwise
     */
    public static long parseBytes(String text) {
        Matcher matcher = BYTES.matcher(text.trim());
        Require.that(matcher.matches(), "memory: expected a number with K, M or G, such as 800M, got \"%s\"", text);
        int shift = 10 * " KMG".indexOf(matcher.group(2).toUpperCase(Locale.ROOT)); // no unit is found at 0
        return Long.parseLong(matcher.group(1)) << shift;
    }

    /** Formats seconds as "4.2 s", "3 min 05 s", "2 h 10 min". */
    public static String duration(double seconds) {
        return duration(Duration.ofMillis(Math.round(1000 * seconds)));
    }

    /** Formats as "4.2 s", "3 min 05 s", "2 h 10 min". */
    public static String duration(Duration time) {
        long seconds = Math.round(time.toMillis() / 1000.0);
        if (time.toMillis() < 9_950) {
            return String.format(Locale.ROOT, "%.1f s", time.toMillis() / 1000.0);
        }
        if (seconds < 60) {
            return seconds + " s";
        }
        if (seconds < 3600) {
            return String.format(Locale.ROOT, "%d min %02d s", seconds / 60, seconds % 60);
        }
        return String.format(Locale.ROOT, "%d h %02d min", seconds / 3600, seconds / 60 % 60);
    }

    /** Formats with about three significant digits: "0.52", "12.3", "456". */
    public static String rate(double value) {
        String form = value < 10 ? "%.2f" : value < 100 ? "%.1f" : "%,.0f";
        return String.format(Locale.ROOT, form, value);
    }

    /** Formats with fixed decimals, without a minus sign before zeros. */
    private static String fixed(double value, int decimals) {
        String text = String.format(Locale.ROOT, "%." + decimals + "f", value);
        return text.matches("-0(\\.0*)?") ? text.substring(1) : text;
    }
}
