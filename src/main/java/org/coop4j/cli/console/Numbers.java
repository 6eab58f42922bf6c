package org.coop4j.cli.console;

import java.time.Duration;
import java.util.Locale;

/** Numbers as people read them. */
public final class Numbers {

    private static final String[] BYTE_UNITS = {"B", "kB", "MB", "GB", "TB"};

    private Numbers() {}

    /** 1,234,567. */
    public static String count(long value) {
        return String.format(Locale.ROOT, "%,d", value);
    }

    /** "1 image", "2 images". */
    public static String count(long value, String noun) {
        return count(value) + " " + noun + (value == 1 ? "" : "s");
    }

    /** A percentage from 0 to 100 as "12.3 %". */
    public static String percent(double percentage) {
        return String.format(Locale.ROOT, "%.1f %%", percentage);
    }

    /** Decimal units: "337.6 MB". */
    public static String bytes(long bytes) {
        double value = bytes;
        int unit = 0;
        while (value >= 999.5 && unit < BYTE_UNITS.length - 1) {
            value /= 1000;
            unit++;
        }
        return String.format(
                Locale.ROOT, unit == 0 ? "%.0f %s" : "%.1f %s", value, BYTE_UNITS[unit]);
    }

    /** "4.2 s", "3 min 05 s", "2 h 10 min". */
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

    /** Three significant digits or so: "0.52", "12.3", "456". */
    public static String rate(double value) {
        String form = value < 10 ? "%.2f" : value < 100 ? "%.1f" : "%,.0f";
        return String.format(Locale.ROOT, form, value);
    }
}
