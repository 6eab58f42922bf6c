package org.coop4j.report;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.coop4j.eval.Rounded;
import org.coop4j.eval.SeedSummary;
import org.coop4j.results.Shots;

/**
 * A cell of a {@link ResultTable}.
 *
 * @param value what it holds
 * @param style how it stands out
 * @param note further words below it on a page; may be empty
 */
public record Cell(Value value, Style style, String note) {

    /** An empty cell: nothing, or nothing that is known. */
    public static final Cell NONE = of(new None());

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

    /** What a cell holds. */
    public sealed interface Value {

        /** For people; {@code decimals} of percentages. */
        String text(int decimals);

        /** For other programs, by the keys of the column; null is not known. */
        List<?> data();
    }

    record None() implements Value {
        @Override
        public String text(int decimals) {
            return "";
        }

        @Override
        public List<?> data() {
            return Collections.singletonList(null);
        }
    }

    /**
     * Words.
     *
     * @param id for other programs and the screen
     * @param title for pages and papers
     */
    record Words(String id, String title) implements Value {
        @Override
        public String text(int decimals) {
            return title;
        }

        @Override
        public List<?> data() {
            return List.of(id);
        }
    }

    record Count(long n) implements Value {
        @Override
        public String text(int decimals) {
            return Rounded.count(n);
        }

        @Override
        public List<?> data() {
            return List.of(n);
        }
    }

    /** Seeds, of which people see how many there are. */
    record Seeds(List<Long> seeds) implements Value {
        @Override
        public String text(int decimals) {
            return Rounded.count(seeds.size());
        }

        @Override
        public List<?> data() {
            return List.of(seeds, seeds.size());
        }
    }

    /** A percentage, or a number of seconds. */
    record Number(double value) implements Value {
        @Override
        public String text(int decimals) {
            return Rounded.number(value, decimals);
        }

        @Override
        public List<?> data() {
            return List.of(value);
        }
    }

    /** Over seeds; the data are mean, standard deviation and Student's half width. */
    record MeanSd(SeedSummary summary) implements Value {
        @Override
        public String text(int decimals) {
            return Rounded.meanSd(summary, decimals);
        }

        @Override
        public List<?> data() {
            return summary.count() == 1
                    ? Arrays.asList(summary.mean(), null, null)
                    : List.of(summary.mean(), summary.sampleSd(), summary.studentCi95());
        }
    }

    /** Student's 95 % interval, which other programs have with the mean. */
    record Interval(SeedSummary summary) implements Value {
        @Override
        public String text(int decimals) {
            return Rounded.interval(summary, decimals);
        }

        @Override
        public List<?> data() {
            return List.of();
        }
    }

    /** A difference of percentages. */
    record Points(double difference) implements Value {
        @Override
        public String text(int decimals) {
            return Rounded.signed(difference, decimals);
        }

        @Override
        public List<?> data() {
            return List.of(difference);
        }
    }

    /** The p value of a test. */
    record Probability(double p) implements Value {
        @Override
        public String text(int decimals) {
            return Rounded.probability(p);
        }

        @Override
        public List<?> data() {
            return List.of(p);
        }
    }

    /** A number of a paper, with its backbone and where it stands. */
    record Published(double accuracy, String backbone, String source) implements Value {
        @Override
        public String text(int decimals) {
            return Rounded.number(accuracy, decimals) + " " + backbone;
        }

        @Override
        public List<?> data() {
            return List.of(accuracy, backbone, source);
        }
    }

    static Cell of(Value value) {
        return new Cell(value, Style.PLAIN, "");
    }

    /** Words that are the same for all readers. */
    public static Cell words(String text) {
        return words(text, text);
    }

    /** Words by which programs and the screen know a thing, and those for pages and papers. */
    public static Cell words(String id, String title) {
        return of(new Words(id, title));
    }

    static Cell shots(Shots shots) {
        return words(shots.label());
    }

    static Cell seeds(List<Long> seeds) {
        return of(new Seeds(seeds)).in(Style.MUTED);
    }

    /** A number of things. */
    public static Cell count(long n) {
        return of(new Count(n));
    }

    /** A percentage, or seconds; empty if it is not finite. */
    public static Cell number(double value) {
        return Double.isFinite(value) ? of(new Number(value)) : NONE;
    }

    static Cell number(OptionalDouble value) {
        return number(value.orElse(Double.NaN));
    }

    /** A mean with its standard deviation. */
    public static Cell mean(SeedSummary summary) {
        return of(new MeanSd(summary));
    }

    static Cell mean(Optional<SeedSummary> summary) {
        return summary.map(Cell::mean).orElse(NONE);
    }

    static Cell interval(Optional<SeedSummary> summary) {
        return summary.filter(s -> s.count() > 1).map(s -> of(new Interval(s))).orElse(NONE);
    }

    /** A difference of percentages; empty if it is not finite. */
    public static Cell points(double difference) {
        return Double.isFinite(difference) ? of(new Points(difference)) : NONE;
    }

    /** The same cell with words below it. */
    Cell withNote(String text) {
        return new Cell(value, style, text);
    }

    /** The same cell in another style. */
    public Cell in(Style newStyle) {
        return new Cell(value, newStyle, note);
    }

    /** The same cell, marked if it is the best of its kind. */
    public Cell best(boolean isBest) {
        return isBest ? in(Style.BEST) : this;
    }

    /** Whether people see nothing in it. */
    boolean isEmpty() {
        return value.text(0).isEmpty();
    }
}
