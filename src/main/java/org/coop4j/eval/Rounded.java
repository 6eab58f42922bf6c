package org.coop4j.eval;

import java.util.List;
import java.util.Locale;

/** Numbers as tables, pages, charts and messages show them. */
public final class Rounded {

    /** Stands for a number that is not known. */
    public static final String UNKNOWN = "–";

    private static final double LEAST_P = 0.001;

    private Rounded() {}

    /** "63.58"; a dash for what is not finite. */
    public static String number(double value, int decimals) {
        return Double.isFinite(value) ? fixed(value, decimals).replace('-', '−') : UNKNOWN;
    }

    /** "63.58 %" of a percentage. */
    public static String percent(double percentage, int decimals) {
        return number(percentage, decimals) + " %";
    }

    /** "+12.3", "−0.5", "0.0": a difference. */
    public static String signed(double value, int decimals) {
        String text = number(value, decimals);
        return value > 0 && !text.equals(fixed(0, decimals)) ? "+" + text : text;
    }

    /** "63.6 ± 0.9": mean and sample standard deviation; the mean alone for one seed. */
    public static String meanSd(SeedSummary summary, int decimals) {
        String mean = number(summary.mean(), decimals);
        return summary.count() == 1 ? mean : mean + " ± " + number(summary.sampleSd(), decimals);
    }

    /** "62.1 – 65.0": Student's 95 % interval of the mean; a dash for one seed. */
    public static String interval(SeedSummary summary, int decimals) {
        double half = summary.studentCi95();
        return Double.isFinite(half)
                ? number(summary.mean() - half, decimals)
                        + " – "
                        + number(summary.mean() + half, decimals)
                : UNKNOWN;
    }

    /** "0.013", "< 0.001". */
    public static String probability(double p) {
        return p < LEAST_P ? "< 0.001" : number(p, 3);
    }

    /** "1,234,567". */
    public static String count(long n) {
        return String.format(Locale.ROOT, "%,d", n);
    }

    /** "1 class", "1,000 classes". */
    public static String count(long n, String one, String many) {
        return count(n) + " " + (n == 1 ? one : many);
    }

    /** "a", "a and b", "a, b and c". */
    public static String list(List<String> words) {
        int last = words.size() - 1;
        return last < 1
                ? String.join("", words)
                : String.join(", ", words.subList(0, last)) + " and " + words.get(last);
    }

    /** Never "-0.00". */
    private static String fixed(double value, int decimals) {
        String text = String.format(Locale.ROOT, "%." + decimals + "f", value);
        return text.matches("-0(\\.0*)?") ? text.substring(1) : text;
    }
}
