package org.coop4j.report;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.coop4j.eval.PairedComparison;
import org.coop4j.eval.SeedSummary;
import org.coop4j.results.Outcome;

/** Numbers as the page shows them; a dash stands for what is unknown. */
final class Rounded {

    static final String UNKNOWN = "–";

    private static final double LEAST_P = 0.001;

    private Rounded() {}

    static String number(double value) {
        return Double.isFinite(value) ? String.format(Locale.ROOT, "%.2f", value) : UNKNOWN;
    }

    /** "63.58 ± 0.91", without the spread for one seed. */
    static String plusMinus(Optional<SeedSummary> summary) {
        if (summary.isEmpty()) {
            return UNKNOWN;
        }
        SeedSummary s = summary.get();
        return s.count() == 1
                ? number(s.mean())
                : String.format(Locale.ROOT, "%.2f ± %.2f", s.mean(), s.sampleSd());
    }

    /** "62.1 – 65.0": mean ± Student's half width. */
    static String interval(Optional<SeedSummary> summary) {
        if (summary.isEmpty() || summary.get().count() == 1) {
            return UNKNOWN;
        }
        SeedSummary s = summary.get();
        double half = s.studentCi95();
        return String.format(Locale.ROOT, "%.2f – %.2f", s.mean() - half, s.mean() + half)
                .replace('-', '−');
    }

    /** "+12.31" or "−0.52". */
    static String signed(double value) {
        String text = String.format(Locale.ROOT, "%+.2f", value);
        return text.equals("-0.00") || text.equals("+0.00") ? "0.00" : text.replace('-', '−');
    }

    /** "0.013", "< 0.001". */
    static String probability(Optional<Outcome.Gain> gain) {
        return gain.flatMap(Outcome.Gain::test)
                .map(PairedComparison::pValue)
                .map(p -> p < LEAST_P ? "< 0.001" : String.format(Locale.ROOT, "%.3f", p))
                .orElse(UNKNOWN);
    }

    /** "1 run", "2 runs". */
    static String count(long n, String noun) {
        return String.format(Locale.ROOT, "%,d %s", n, noun) + (n == 1 ? "" : "s");
    }

    /** "a", "a and b", "a, b and c". */
    static String list(List<String> words) {
        int last = words.size() - 1;
        return last < 1
                ? String.join("", words)
                : String.join(", ", words.subList(0, last)) + " and " + words.get(last);
    }
}
