package org.coop4j.console;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.IntFunction;
import org.coop4j.base.Numbers;
import org.coop4j.eval.SeedSummary;

/**
 * A cell of a {@link Table}.
 *
 * @param data for programs, by the keys of the column; null is not known
 * @param screen for people at a terminal
 * @param text for people who read a page, by the decimals of percentages
 * @param style how it stands out
 * @param note further words below it on a page; may be empty
 */
public record Cell(List<?> data, String screen, IntFunction<String> text, Style style, String note) {

    /** An empty cell: nothing, or nothing that is known. */
    public static final Cell NONE = of(Collections.singletonList(null), "", decimals -> "");

    /** Emphasis of a cell. */
    public enum Style {
        PLAIN,
        /** The best of its kind. */
        BEST,
        /** From a paper. */
        PUBLISHED,
        /** Of less weight. */
        MUTED
    }

    private static Cell of(List<?> data, String screen, IntFunction<String> text) {
        return new Cell(data, screen, text, Style.PLAIN, "");
    }

    /**
     * A cell of data and of its text for people.
     *
     * @param text for people, by the decimals of percentages; the screen has one decimal
     */
    public static Cell of(List<?> data, IntFunction<String> text) {
        return of(data, text.apply(1).replace(" ± ", "±"), text);
    }

    /** A cell of a datum, which may be null or an Optional, and of its text for people. */
    static Cell of(Object datum, String text) {
        Object value = datum instanceof Optional<?> maybe ? maybe.orElse(null) : datum;
        return of(Collections.singletonList(value), text, decimals -> text);
    }

    /** A cell that is one already; or words, or data of which people see nothing. */
    static Cell of(Object value) {
        return value instanceof Cell cell ? cell : of(value, value instanceof String words ? words : "");
    }

    /** Words that are the same for all readers. */
    public static Cell words(String text) {
        return words(text, text);
    }

    /** Words by which programs and the screen know a thing, and those for pages. */
    public static Cell words(String id, String title) {
        return of(List.of(id), id, decimals -> title);
    }

    /** A number of things. */
    public static Cell count(long n) {
        return of(List.of(n), decimals -> Numbers.count(n));
    }

    /** A percentage, or seconds; empty if it is not finite. */
    public static Cell number(double value) {
        return Double.isFinite(value) ? of(List.of(datum(value)), decimals -> Numbers.number(value, decimals)) : NONE;
    }

    /** Programs get four decimals. */
    public static BigDecimal datum(double value) {
        return BigDecimal.valueOf(value).setScale(4, RoundingMode.HALF_UP);
    }

    /** Mean and standard deviation over seeds; the data have Student's half width too. */
    public static Cell mean(SeedSummary s) {
        return of(
                s.count() == 1
                        ? Arrays.asList(datum(s.mean()), null, null)
                        : List.of(datum(s.mean()), datum(s.sampleSd()), datum(s.studentCi95())),
                s::meanSd);
    }

    /** An interval of percentages. */
    public static Cell range(double low, double high) {
        return of(
                List.of(datum(low), datum(high)),
                decimals -> Numbers.number(low, decimals) + " – " + Numbers.number(high, decimals));
    }

    /** A difference of percentages; empty if it is not finite. */
    public static Cell points(double difference) {
        return Double.isFinite(difference)
                ? of(List.of(datum(difference)), decimals -> Numbers.signed(difference, decimals))
                : NONE;
    }

    /** The p value of a test; the leading zeros of the datum count. */
    public static Cell probability(double p) {
        return of(List.of(String.format(Locale.ROOT, "%.3g", p)), decimals -> Numbers.probability(p));
    }

    /** The same cell with words below it. */
    public Cell withNote(String words) {
        return new Cell(data, screen, text, style, words);
    }

    /** The same cell in another style. */
    public Cell in(Style newStyle) {
        return new Cell(data, screen, text, newStyle, note);
    }

    /** The same cell, marked if it is the best of its kind. */
    public Cell best(boolean isBest) {
        return isBest ? in(Style.BEST) : this;
    }

    /** Returns true if people see nothing in it. */
    public boolean isEmpty() {
        return text.apply(0).isEmpty();
    }
}
