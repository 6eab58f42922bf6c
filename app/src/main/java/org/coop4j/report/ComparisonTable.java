package org.coop4j.report;

import static java.util.Comparator.comparing;
import static org.coop4j.base.Numbers.count;
import static org.coop4j.base.Numbers.number;
import static org.coop4j.base.Numbers.probability;
import static org.coop4j.base.Numbers.signed;

import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.coop4j.console.Cell;
import org.coop4j.console.Cell.Style;
import org.coop4j.console.Interval;
import org.coop4j.console.SeedSummary;
import org.coop4j.console.Table;
import org.coop4j.data.LabelledImage;
import org.coop4j.findings.Comparison;
import org.coop4j.findings.Comparison.ComparedClassifier;
import org.coop4j.findings.Comparison.Role;
import org.coop4j.findings.McNemar;
import org.coop4j.run.MethodChoice;
import org.coop4j.run.MethodChoice.Score;

/**
 * A training run compared with simpler classifiers, as a table and in words.
 *
 * @param seeds comparisons of the same classifiers, one per seed; the table has mean and standard deviation
 */
public record ComparisonTable(List<Comparison> seeds) {

    /** The usual level of significance. */
    private static final double SIGNIFICANT = 0.05;

    /** Returns the table. */
    public Table<?> table() {
        List<ComparedClassifier> classifiers = classifiers();
        boolean several = classifiers.stream().anyMatch(c -> c.role() != Role.METHOD);
        double best = classifiers.stream()
                .filter(c -> c.role() != Role.HINDSIGHT)
                .mapToDouble(c -> mean(c, ComparedClassifier::accuracy).mean())
                .max()
                .orElseThrow();
        return new Table<ComparedClassifier>("comparison", "Accuracy on the test images, %", "")
                .words(
                        "classifier",
                        c -> muted(c, marked(c.name(), title(c), several && c.role() == Role.METHOD)),
                        "classifier")
                .data("kind", ComparedClassifier::role)
                .means(
                        "test",
                        c -> cell(c, ComparedClassifier::accuracy)
                                .best(mean(c, ComparedClassifier::accuracy).mean() == best),
                        "accuracy")
                .numbers(
                        "95 % interval",
                        c -> seeds.size() > 1
                                ? Cell.NONE
                                : muted(c, range(c.test().right(), c.test().size())),
                        "low",
                        "high")
                .means("macro F1", c -> cell(c, x -> x.test().evaluation().macroF1()), "macro_f1")
                .means("training", c -> cell(c, x -> x.train().accuracy()), "train_accuracy")
                .optional()
                .means("val", c -> cell(c, x -> x.val().accuracy()), "val_accuracy")
                .means("seconds", c -> cell(c, ComparedClassifier::seconds), "seconds")
                .optional()
                .rows(classifiers.stream()
                        .sorted(comparing(c -> c.role() != Role.METHOD))
                        .toList());
    }

    /** Makes the cell of a name, which the screen may mark. */
    private static Cell marked(String name, String title, boolean marked) {
        return new Cell(List.of(name), decimals -> title, marked ? "* " + title : title, Style.PLAIN);
    }

    /** Mutes the cells of a prompt found in hindsight. */
    private static Cell muted(ComparedClassifier c, Cell cell) {
        return c.role() == Role.HINDSIGHT ? cell.in(Style.MUTED) : cell;
    }

    /** Makes a cell of a number that may be unknown: without images, or of a run read from a folder. */
    private Cell cell(ComparedClassifier c, ToDoubleFunction<ComparedClassifier> number) {
        return Double.isFinite(number.applyAsDouble(c)) ? muted(c, Cell.mean(mean(c, number))) : Cell.NONE;
    }

    /** Returns a number of the same classifier over the seeds. */
    private SeedSummary mean(ComparedClassifier of, ToDoubleFunction<ComparedClassifier> number) {
        return SeedSummary.of(seeds, seed -> number.applyAsDouble(same(seed, of)));
    }

    /** Finds the same classifier at another seed, where another prompt may be the chosen one or the best in hindsight. */
    private static ComparedClassifier same(Comparison seed, ComparedClassifier of) {
        boolean named = of.role() == Role.METHOD || of.role() == Role.OWN_PROMPT;
        return seed.classifiers().stream()
                .filter(c -> c.role() == of.role() && (!named || c.name().equals(of.name())))
                .findFirst()
                .orElseGet(seed::prompt);
    }

    private static String title(ComparedClassifier c) {
        return switch (c.role()) {
            case PROMPT -> "zero-shot, " + c.name() + " (chosen)";
            case OWN_PROMPT -> "zero-shot, " + c.name() + " (yours)";
            case HINDSIGHT -> "zero-shot, " + c.name() + " (best in hindsight)";
            case PROBE, METHOD -> c.name();
        };
    }

    /** Returns the scores of the candidates among which a method was chosen; no rows without a choice. */
    public static Table<?> candidates(MethodChoice choice) {
        List<Score> scores = choice.scores();
        Score best = scores.isEmpty() ? null : MethodChoice.best(scores);
        boolean sets = best != null && best.map() != null;
        String how = choice.crossValidated() ? "by cross-validation on the training images" : "on the val images";
        return new Table<Score>("candidates", (sets ? "mAP " : "Accuracy ") + how + ", %", "")
                .words(
                        "candidate",
                        s -> marked(s.candidate().name(), s.candidate().name(), s.equals(best))
                                .best(s.equals(best)),
                        "candidate")
                .numbers(
                        choice.crossValidated() ? "cross-validation" : "val",
                        s -> Cell.number(s.accuracy()).best(s.equals(best)),
                        "accuracy")
                .numbers("95 % interval", s -> sets ? Cell.NONE : range(s.right(), s.images()), "low", "high")
                .numbers("images", Score::images, "images")
                .rows(scores);
    }

    private static Cell range(int right, int images) {
        Interval interval = Interval.wilson(right, images);
        return Cell.range(interval.low(), interval.high());
    }

    /** Returns "+12.3 points over the best baseline", or "12.3 points below" it. */
    public static String over(double gain, String points) {
        return (gain < 0 ? points + " points below" : "+" + points + " points over") + " the best baseline";
    }

    /** Describes a gain: "+12.3 points over the best baseline, linear probe (95 % interval +2 to +22)". */
    public static String gain(ComparedClassifier method, ComparedClassifier baseline) {
        McNemar test = Comparison.test(method, baseline);
        Interval interval = test.interval();
        return "%s, %s (95 %% interval %s to %s)"
                .formatted(
                        over(test.difference(), number(Math.abs(test.difference()), 1)),
                        baseline.name(),
                        signed(interval.low(), 0),
                        signed(interval.high(), 0));
    }

    /** Returns the result of McNemar's test in words. */
    public static String meaning(ComparedClassifier method, ComparedClassifier baseline) {
        McNemar test = Comparison.test(method, baseline);
        if (test.firstOnly() + test.secondOnly() == 0) {
            return "both are right on the same images";
        }
        return "%s (McNemar's exact test: p %s); %s"
                .formatted(
                        test.pValue() >= SIGNIFICANT
                                ? count(test.images(), "test image is", "test images are")
                                        + " too few to distinguish them"
                                : "the difference is significant",
                        test.pValue() < 0.001 ? "< 0.001" : "= " + probability(test.pValue()),
                        changed(test.firstOnly(), test.secondOnly()));
    }

    private List<ComparedClassifier> classifiers() {
        return seeds.get(0).classifiers();
    }

    private Stream<ComparedClassifier> others() {
        return classifiers().stream().skip(1);
    }

    private McNemar againstFirst(ComparedClassifier other) {
        return Comparison.test(other, classifiers().get(0));
    }

    /** Returns a sentence about each classifier but the first, compared with that. */
    public List<String> against() {
        ComparedClassifier first = classifiers().get(0);
        return others().map(other -> "%s against %s: %s points: %s"
                        .formatted(
                                other.name(),
                                first.name(),
                                signed(againstFirst(other).difference(), 1),
                                meaning(other, first)))
                .toList();
    }

    /** Returns the tests of the classifiers against the first. */
    public Table<?> tests() {
        return new Table<ComparedClassifier>()
                .data("first", other -> classifiers().get(0).name())
                .data("second", ComparedClassifier::name)
                .data("difference", other -> againstFirst(other).difference())
                .data("p", other -> againstFirst(other).pValue())
                .rows(others().toList());
    }

    /** Returns a row per image on which the classifiers disagree. */
    public Table<?> disagreements(List<LabelledImage> images) {
        List<String> names = seeds.get(0).classNames();
        List<int[]> predicted =
                classifiers().stream().map(c -> c.test().predictions()).toList();
        Table<Integer> table = new Table<Integer>()
                .text("file", i -> images.get(i).path().toString())
                .text("truth", i -> names.get(images.get(i).label()))
                .data(
                        "labels",
                        i -> predicted.stream().map(c -> names.get(c[i])).toList());
        for (int c = 0; c < predicted.size(); c++) {
            int[] own = predicted.get(c);
            table.text(classifiers().get(c).name(), i -> names.get(own[i])).in(Table.Format.TABLE);
        }
        return table.rows(IntStream.range(0, images.size())
                .filter(i -> predicted.stream().anyMatch(c -> c[i] != predicted.get(0)[i]))
                .boxed()
                .toList());
    }

    /** Returns "2 corrected, 14 newly wrong". */
    public static String changed(int corrected, int newlyWrong) {
        return corrected + " corrected, " + newlyWrong + " newly wrong";
    }
}
