package org.coop4j.report;

import static java.util.Comparator.comparingDouble;
import static java.util.Comparator.comparingInt;
import static org.coop4j.base.Numbers.count;
import static org.coop4j.base.Numbers.number;
import static org.coop4j.base.Numbers.percent;
import static org.coop4j.run.RunFolder.REPORT;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.coop4j.base.AtomicFile;
import org.coop4j.base.Numbers;
import org.coop4j.base.Progress;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.console.Cell;
import org.coop4j.console.Table;
import org.coop4j.data.LabelledImage;
import org.coop4j.eval.LabelScores;
import org.coop4j.eval.LabelScores.Bounds;
import org.coop4j.eval.LabelScores.Decision;
import org.coop4j.eval.LabelScores.Measure;
import org.coop4j.eval.Labels;
import org.coop4j.eval.Scores;
import org.coop4j.findings.RunComparison.ComparedRun;
import org.coop4j.page.HtmlPage;
import org.coop4j.page.Section;
import org.coop4j.page.Section.Fact;
import org.coop4j.page.Section.Picture;
import org.coop4j.page.Thumbnails;
import org.coop4j.report.MapSection.Asked;
import org.coop4j.run.RunResult;
import org.coop4j.run.RunResult.SetClass;
import org.coop4j.run.RunResult.Sets;

/** The page of a run with several labels per image, and its tables. */
public final class SetPage {

    private static final int PICTURES = 24;
    private static final int PAIRS = 20;

    /** Classes among which pairs are counted. */
    private static final int COMMON = 1_000;

    /** Resampled entries up to which each class has an interval. */
    private static final long MOST_ENTRIES = 2_000_000;

    private final ComparedRun run;
    private final Sets sets;
    private final Scores scores;
    private final List<String> names;
    private final Decision decision;
    private final Thumbnails thumbnails = new Thumbnails();

    private SetPage(ComparedRun run) {
        this.run = run;
        sets = run.result().sets();
        scores = run.learned().test();
        names = sets.classes().stream().map(SetClass::name).toList();
        decision = run.decision();
    }

    /** Writes the page of a run into its folder. */
    public static void write(ComparedRun run, FeatureSpace space, Progress progress) throws IOException {
        SetPage page = new SetPage(run);
        int each = MapSection.MOST / 2;
        Stream<Entry> mistakes = Stream.concat(
                page.wrong(Labels.ABSENT).stream().limit(each),
                page.wrong(Labels.PRESENT).stream().limit(each));
        Section maps = new MapSection(run, space.towers(), progress)
                .of(mistakes.map(one -> new Asked(page.image(one).path(), page.names.get(one.label), page.told(one))));
        AtomicFile.write(
                run.folder().resolve(REPORT),
                page.page(maps, space.workers().count()).html());
    }

    /** Returns a table of results. */
    public static Table<RunResult> results(List<RunResult> runs) {
        Table<RunResult> table = new Table<RunResult>("sets", "Several labels per image, on the test images, %", "")
                .words("classifier", RunResult::methodTitle, "classifier");
        return measures(table, RunResult::sets).rows(runs);
    }

    /** Adds columns of the measures of sets. */
    public static <T> Table<T> measures(Table<T> table, Function<T, Sets> sets) {
        return table.numbers("mAP", r -> cell(sets.apply(r).map()), "map")
                .numbers("95 % interval", r -> range(sets.apply(r).mapBounds()), "low", "high")
                .numbers("OF1", r -> cell(sets.apply(r).decided().of1()), "of1")
                .numbers("CF1", r -> cell(sets.apply(r).decided().cf1()), "cf1")
                .numbers("macro F1", r -> cell(sets.apply(r).decided().macroF1()), "macro_f1")
                .numbers("top 3 OF1", r -> cell(sets.apply(r).top3().of1()), "top3_of1")
                .numbers("whole sets", r -> cell(sets.apply(r).decided().subsetAccuracy()), "subset_accuracy")
                .numbers("wrong labels", r -> cell(sets.apply(r).decided().hammingLoss()), "hamming_loss");
    }

    /** Returns a table of the classes, those with the lowest average precision first. */
    public static Table<SetClass> classes(Sets sets, Decision decision, Function<SetClass, Cell> interval) {
        return new Table<SetClass>("classes", "Classes on the test images, %", "")
                .words("class", SetClass::name, "class")
                .numbers("learned from", c -> c.learned() == null ? Cell.NONE : c.learned(), "train_positives")
                .optional()
                .numbers("test images", SetClass::positives, "test_positives")
                .numbers("AP", c -> cell(c.ap()), "ap")
                .numbers("95 % interval", interval, "low", "high")
                .optional()
                .numbers(
                        "found",
                        c -> c.positives() == 0 ? Cell.NONE : Cell.number(100.0 * c.found() / c.positives()),
                        "recall")
                .numbers(
                        "threshold",
                        c -> c.threshold() == null ? Cell.NONE : Cell.number(100 * decision.probability(c.threshold())),
                        "threshold")
                .rows(sets.classes().stream()
                        .sorted(comparingDouble(c -> c.ap() == null ? Double.POSITIVE_INFINITY : c.ap()))
                        .toList());
    }

    private static Cell cell(Double value) {
        return value == null ? Cell.NONE : Cell.number(value);
    }

    private static Cell range(Bounds bounds) {
        return bounds == null ? Cell.NONE : Cell.range(bounds.low(), bounds.high());
    }

    /** Returns a sentence about the classes that no test image shows, if there are any. */
    public static Optional<String> withoutPositives(Sets sets) {
        List<String> none = sets.classes().stream()
                .filter(c -> c.positives() == 0)
                .map(SetClass::name)
                .toList();
        return none.isEmpty()
                ? Optional.empty()
                : Optional.of("%s no test image and %s left out of the means: %s"
                        .formatted(
                                count(none.size(), "class has", "classes have"),
                                none.size() == 1 ? "is" : "are",
                                Numbers.first(none)));
    }

    private HtmlPage page(Section maps, int threads) {
        return new HtmlPage(run.result().dataset(), RunPage.lead(run, "with several of"))
                .add(summary())
                .add(classes())
                .add(mistakes(
                        "Labels that may be missing",
                        "The surest predictions that the labels deny: mistakes of the classifier, or of the labels.",
                        Labels.ABSENT))
                .add(mistakes(
                        "Labels that were not found",
                        "Labels that the classifier thinks least likely: mistakes of the labels, or unusual pictures.",
                        Labels.PRESENT))
                .add(maps)
                .add(together())
                .add(RunPage.made(run, threads));
    }

    private Section summary() {
        RunResult result = run.result();
        List<Fact> facts = new ArrayList<>();
        if (sets.map() != null) {
            facts.add(new Fact(
                    percent(sets.map()),
                    "mean average precision (mAP)"
                            + (sets.mapBounds() == null
                                    ? ""
                                    : ", 95 %% interval %s to %s %%"
                                            .formatted(
                                                    number(sets.mapBounds().low(), 0),
                                                    number(sets.mapBounds().high(), 0)))));
            result.handWritten().stream()
                    .max(comparingDouble(RunResult.HandWritten::value))
                    .ifPresent(best -> facts.add(Fact.gain(
                            sets.map(), "the mAP of the best hand-written prompt, " + best.prompt(), best.value())));
        }
        if (sets.decided().of1() != null) {
            facts.add(new Fact(percent(sets.decided().of1()), "F1 of the predicted labels (OF1)"));
        }
        return new Section("In short")
                .facts(facts)
                .list(withoutPositives(sets).stream().map(words -> words + ".").toList())
                .table(results(List.of(result)))
                .paragraph(
                        "CF1 is the harmonic mean of the classes' mean precision and mean recall. Top 3 takes the three"
                                + " best labels of each image without a threshold. Probabilities: "
                                + run.learned().confidence().sentence() + ".");
    }

    private Section classes() {
        LabelScores all = scores.sets();
        boolean quick = (long) scores.size() * names.size() <= MOST_ENTRIES;
        long seed = run.config().sample().seed();
        Function<SetClass, Cell> interval =
                c -> quick ? range(all.bounds(Measure.ap(names.indexOf(c.name())), seed)) : Cell.NONE;
        SetClass weakest = sets.classes().stream()
                .filter(c -> c.ap() != null)
                .min(comparingDouble(SetClass::ap))
                .orElse(null);
        return new Section("Classes")
                .verdict(
                        weakest == null
                                ? "No test image shows any of the classes."
                                : "The weakest class is “%s”, with an average precision of %s."
                                        .formatted(weakest.name(), percent(weakest.ap(), 0)))
                .table(classes(sets, decision, interval))
                .paragraph(
                        decision.equals(Decision.BEST)
                                ? "The three best labels of each image are predicted."
                                : "A label is predicted if its probability reaches the threshold.");
    }

    /** An entry of the matrix of images and classes. */
    private record Entry(int image, int label, double probability) {}

    /** Returns labels of a state that are predicted otherwise, the most surprising first. */
    private List<Entry> wrong(int state) {
        List<Entry> wrong = new ArrayList<>();
        for (int i = 0; i < scores.size(); i++) {
            float[] logits = scores.logits()[i];
            boolean[] predicted = decision.predicted(logits);
            double[] probabilities = decision.probabilities(logits);
            for (int c = 0; c < logits.length; c++) {
                if (scores.truth().get(i).state(c) == state && predicted[c] == (state == Labels.ABSENT)) {
                    wrong.add(new Entry(i, c, probabilities[c]));
                }
            }
        }
        int sign = state == Labels.ABSENT ? -1 : 1;
        wrong.sort(comparingDouble(entry -> sign * entry.probability));
        return wrong;
    }

    private Section mistakes(String heading, String meaning, int state) {
        List<Entry> wrong = wrong(state);
        List<Picture> pictures =
                wrong.stream().limit(PICTURES).flatMap(this::picture).toList();
        return new Section(heading)
                .verdict(count(wrong.size(), "label") + ".")
                .paragraph(meaning)
                .pictures("", pictures);
    }

    private Stream<Picture> picture(Entry entry) {
        LabelledImage image = image(entry);
        return thumbnails.picture(image.path(), image.className(), told(entry), "labels: " + image.className());
    }

    private LabelledImage image(Entry entry) {
        return run.learned().tested().images().get(entry.image);
    }

    private String told(Entry entry) {
        return "%s (%s)".formatted(names.get(entry.label), percent(100 * entry.probability, 0));
    }

    /** Two classes and the number of images that show both. */
    private record Pair(int first, int second, int both) {}

    /** Counts pairs of the commonest classes, as there may be more classes than their square has room for. */
    private Section together() {
        int[] positives = Labels.positives(scores.truth(), names.size());
        int[] common = IntStream.range(0, names.size())
                .boxed()
                .sorted(comparingInt(c -> -positives[c]))
                .limit(COMMON)
                .mapToInt(c -> c)
                .sorted()
                .toArray();
        int[][] both = new int[common.length][common.length];
        for (Labels labels : scores.truth()) {
            int[] shown = IntStream.range(0, common.length)
                    .filter(c -> labels.state(common[c]) == Labels.PRESENT)
                    .toArray();
            IntStream.of(shown).forEach(a -> IntStream.of(shown).forEach(b -> both[a][b]++));
        }
        List<Pair> pairs = IntStream.range(0, common.length)
                .boxed()
                .flatMap(a ->
                        IntStream.range(a + 1, common.length).mapToObj(b -> new Pair(common[a], common[b], both[a][b])))
                .filter(pair -> pair.both > 0)
                .sorted(comparingInt(pair -> -pair.both))
                .limit(PAIRS)
                .toList();
        Section section = new Section("Classes that occur together");
        return pairs.isEmpty()
                ? section
                : section.table(
                        new Table<Pair>("Test images that show both, with their share of each class's images in %")
                                .words("class", p -> names.get(p.first))
                                .words("and", p -> names.get(p.second))
                                .numbers("images", Pair::both)
                                .numbers("of the first", p -> 100.0 * p.both / positives[p.first])
                                .numbers("of the second", p -> 100.0 * p.both / positives[p.second])
                                .rows(pairs));
    }
}
