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
import org.coop4j.console.Table.Kind;

/**
 * A cell of a {@link Table}.
 *
 * @param data values for programs, by the keys of the column; null if unknown
 * @param text text for people by the decimals of percentages; the screen has one decimal
 * @param id text for the screen in place of {@code text}; may be null
 * @param style emphasis on a page
 */
public record Cell(List<?> data, IntFunction<String> text, String id, Style style) {

    /** An empty cell: nothing, or nothing known. */
    public static final Cell NONE = of(null, "");

    /** Emphasis of a cell. */
    public enum Style {
        PLAIN,
        /** The best of its kind. */
        BEST,
        /** From a paper. */
        PUBLISHED,
        /** Less important. */
        MUTED
    }

    /** Makes a cell of data and of its text by the decimals of percentages. */
    public static Cell of(List<?> data, IntFunction<String> text) {
        return new Cell(data, text, null, Style.PLAIN);
    }

    /** Makes a cell of a datum, which may be null or an Optional, and of its text. */
    static Cell of(Object datum, String text) {
        Object value = datum instanceof Optional<?> maybe ? maybe.orElse(null) : datum;
        return new Cell(Collections.singletonList(value), decimals -> text, text, Style.PLAIN);
    }

    /**
     * Makes a cell of an Optional's value, of a mean over seeds, of a number in a column of numbers, of words, or of data
     * that people do not see; returns a cell as it is.
     */
    static Cell of(Object value, Kind kind) {
        if (value instanceof Optional<?> maybe) {
            return maybe.map(known -> of(known, kind)).orElse(NONE);
        }
        if (value instanceof SeedSummary summary) {
            return mean(summary);
        }
        if (kind.isNumeric() && value instanceof Double number) {
            return kind == Kind.BARS ? points(number) : number(number);
        }
        if (kind.isNumeric() && value instanceof Number count) {
            return of(count, Numbers.count(count.longValue()));
        }
        return value instanceof Cell cell ? cell : of(value, value instanceof String words ? words : "");
    }

    /** Makes a cell of words that are the same for all readers. */
    public static Cell words(String text) {
        return words(text, text);
    }

    /** Makes a cell of an id for programs and the screen, and of the title that pages have. */
    public static Cell words(String id, String title) {
        return new Cell(List.of(id), decimals -> title, id, Style.PLAIN);
    }

    /** Makes a cell of a percentage or of seconds; empty if it is not finite. */
    public static Cell number(double value) {
        return finite(value, decimals -> Numbers.number(value, decimals));
    }

    private static Cell finite(double value, IntFunction<String> text) {
        return Double.isFinite(value) ? of(List.of(datum(value)), text) : NONE;
    }

    /** Rounds a number to the four decimals that programs get. */
    public static BigDecimal datum(double value) {
        return BigDecimal.valueOf(value).setScale(4, RoundingMode.HALF_UP);
    }

    /**
     * Makes a cell of mean and standard deviation over seeds; programs get the half width of Student's interval too.
     */
    public static Cell mean(SeedSummary s) {
        return of(
                s.count() == 1
                        ? Arrays.asList(datum(s.mean()), null, null)
                        : List.of(datum(s.mean()), datum(s.sampleSd()), datum(s.studentCi95())),
                s::meanSd);
    }

    /** Makes a cell of an interval of percentages. */
    public static Cell range(double low, double high) {
        return of(
                List.of(datum(low), datum(high)),
                decimals -> Numbers.number(low, decimals) + " – " + Numbers.number(high, decimals));
    }

    /** Makes a cell of a difference of percentages; empty if it is not finite. */
    public static Cell points(double difference) {
        return finite(difference, decimals -> Numbers.signed(difference, decimals));
    }

    /** Makes a cell of a test's p value. Machine-readable forms have three significant digits. */
    public static Cell probability(double p) {
        return of(String.format(Locale.ROOT, "%.3g", p), Numbers.probability(p));
    }

    /** Returns the text for a terminal. */
    String screen() {
        return id == null ? text.apply(1).replace(" ± ", "±") : id;
    }

    /** Returns the cell in another style. */
    public Cell in(Style newStyle) {
        return new Cell(data, text, id, newStyle);
    }

    /** Returns the cell, marked if it is the best of its kind. */
    public Cell best(boolean isBest) {
        return isBest ? in(Style.BEST) : this;
    }

    /** Returns true if the cell is blank on screen. */
    public boolean isEmpty() {
        return text.apply(0).isEmpty();
    }
}
