package org.coop4j.report;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.IntFunction;
import org.coop4j.base.Numbers;
import org.coop4j.eval.SeedSummary;
import org.coop4j.study.Outcome;
import org.coop4j.study.Shots;

/**
 * A cell of a {@link ResultTable}: what people see and what other programs get.
 *
 * @param text for people, by the decimals of percentages
 * @param data by the keys of the column; null is not known
 * @param style how it stands out
 * @param note further words below it on a page; may be empty
 */
public record Cell(IntFunction<String> text, List<?> data, Style style, String note) {

    /** An empty cell: nothing, or nothing that is known. */
    public static final Cell NONE = of(decimals -> "", Collections.singletonList(null));

    /** How a cell stands out. */
    public enum Style {
        PLAIN,
        /** The best of its kind. */
        BEST,
        /** From a paper. */
        PUBLISHED,
        /** Of less weight. */
        MUTED
    }

    private static Cell of(IntFunction<String> text, List<?> data) {
        return new Cell(text, data, Style.PLAIN, "");
    }

    /** Words that are the same for all readers. */
    public static Cell words(String text) {
        return words(text, text);
    }

    /** Words by which programs and the screen know a thing, and those for pages and papers. */
    public static Cell words(String id, String title) {
        return of(decimals -> title, List.of(id));
    }

    static Cell shots(Shots shots) {
        return words(shots.label());
    }

    /** Seeds, of which people see how many there are. */
    static Cell seeds(List<Long> seeds) {
        return of(decimals -> Numbers.count(seeds.size()), List.of(seeds, seeds.size()))
                .in(Style.MUTED);
    }

    /** A number of things. */
    public static Cell count(long n) {
        return of(decimals -> Numbers.count(n), List.of(n));
    }

    /** A percentage, or seconds; empty if it is not finite. */
    public static Cell number(double value) {
        return Double.isFinite(value)
                ? of(decimals -> Numbers.number(value, decimals), List.of(value))
                : NONE;
    }

    static Cell number(OptionalDouble value) {
        return number(value.orElse(Double.NaN));
    }

    /** Mean and standard deviation over seeds; the data have Student's half width too. */
    public static Cell mean(SeedSummary s) {
        return of(
                decimals -> s.meanSd(decimals),
                s.count() == 1
                        ? Arrays.asList(s.mean(), null, null)
                        : List.of(s.mean(), s.sampleSd(), s.studentCi95()));
    }

    static Cell mean(Optional<SeedSummary> summary) {
        return summary.map(Cell::mean).orElse(NONE);
    }

    /**
     * Student's 95 % interval of three seeds or more; other programs have its width with the mean.
     */
    static Cell interval(Optional<SeedSummary> summary) {
        return summary.filter(s -> s.percentInterval().isPresent())
                .map(s -> of(decimals -> s.interval(decimals), List.of()))
                .orElse(NONE);
    }

    /** An interval of percentages. */
    static Cell range(double low, double high) {
        return of(
                decimals -> Numbers.number(low, decimals) + " – " + Numbers.number(high, decimals),
                List.of(low, high));
    }

    /** A difference of percentages; empty if it is not finite. */
    public static Cell points(double difference) {
        return Double.isFinite(difference)
                ? of(decimals -> Numbers.signed(difference, decimals), List.of(difference))
                : NONE;
    }

    static Cell points(OptionalDouble difference) {
        return points(difference.orElse(Double.NaN));
    }

    static Cell points(Optional<Outcome.Gain> gain) {
        return points(gain.map(Outcome.Gain::difference).orElse(Double.NaN));
    }

    /** The p value of a gain's test. */
    static Cell probability(Optional<Outcome.Gain> gain) {
        return gain.flatMap(Outcome.Gain::pValue).map(p -> probability(p)).orElse(NONE);
    }

    static Cell probability(double p) {
        return of(decimals -> Numbers.probability(p), List.of(p));
    }

    /** A number of a paper, with its backbone and where it stands. */
    static Cell published(double accuracy, String backbone, String source) {
        return of(
                        decimals -> Numbers.number(accuracy, decimals) + " " + backbone,
                        List.of(accuracy, backbone, source))
                .in(Style.PUBLISHED);
    }

    /** The same cell with words below it. */
    Cell withNote(String text) {
        return new Cell(this.text, data, style, text);
    }

    /** The same cell in another style. */
    public Cell in(Style newStyle) {
        return new Cell(text, data, newStyle, note);
    }

    /** The same cell, marked if it is the best of its kind. */
    public Cell best(boolean isBest) {
        return isBest ? in(Style.BEST) : this;
    }

    /** Whether people see nothing in it. */
    boolean isEmpty() {
        return text.apply(0).isEmpty();
    }
}
