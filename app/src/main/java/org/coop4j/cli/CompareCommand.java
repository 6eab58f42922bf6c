package org.coop4j.cli;

import static org.coop4j.base.Numbers.count;
import static org.coop4j.base.Numbers.signed;
import static org.coop4j.console.Table.Format.JSON;
import static org.coop4j.console.Table.Format.TABLE;
import static org.coop4j.console.WrongUsage.require;
import static org.coop4j.graph.host.Precision.FLOAT32;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.coop4j.cli.Options.AsJson;
import org.coop4j.cli.Options.Bank;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.console.Cell;
import org.coop4j.console.CommandFailure;
import org.coop4j.console.Json;
import org.coop4j.console.Table;
import org.coop4j.data.ImageDataset.Split;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.StoredFeatures;
import org.coop4j.eval.LabelScores;
import org.coop4j.eval.LabelScores.Bounds;
import org.coop4j.eval.LabelScores.Measure;
import org.coop4j.eval.Labels;
import org.coop4j.eval.Scores;
import org.coop4j.findings.Comparison;
import org.coop4j.findings.Comparison.ComparedClassifier;
import org.coop4j.findings.EvaluationData;
import org.coop4j.findings.EvaluationData.Choice;
import org.coop4j.findings.EvaluationData.Tested;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.report.ComparisonTable;
import org.coop4j.run.Confidence;
import org.coop4j.run.Images;
import org.coop4j.run.Images.Pictures;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code coop compare}: finished runs on the same test images. */
@Command(name = "compare")
final class CompareCommand extends ConsoleCommand {

    private static final int SHOWN = 20;

    /** Fewest images with which McNemar's test can be significant, if all are disagreements of one kind. */
    private static final int FEWEST = 6;

    @Parameters(arity = "1..*", paramLabel = "RUN")
    List<Path> runs;

    @ArgGroup(exclusive = false)
    DataOptions dataOptions;

    @Option(names = "--all")
    boolean showAll;

    @Mixin
    PromptOptions.OfModel model;

    @Mixin
    Bank bankOptions;

    @Mixin
    AsJson asJson;

    @Override
    public Integer call() throws IOException {
        require(runs.size() > 1, "one run, %s: give two or more".formatted(runs.get(0)));
        List<ClassifierFile> files = new ArrayList<>();
        List<EvaluationData> records = new ArrayList<>();
        for (Path run : runs) {
            PromptOptions options = new PromptOptions(run, model);
            files.add(options.read());
            records.add(EvaluationData.of(files.get(files.size() - 1), options.folder(), console));
        }
        EvaluationData first = records.get(0);
        Optional<Tested> given = dataOptions == null
                ? Optional.empty()
                : Optional.of(first.ofOthers(dataOptions.spec(), new Choice(null, dataOptions.half, null, false)));
        Optional<StoredFeatures> stored = given.isPresent()
                ? PromptOptions.stored(given.get().images())
                : first.ownRun().stored();
        try (FeatureSpace space =
                new PromptOptions(runs.get(0), model).open(files.get(0), stored, Optional.of(FLOAT32))) {
            Images images = bankOptions.images(space);
            Tested tested = given.isPresent()
                    ? given.get()
                    : first.own(images, first.ownRun().orientation(Split.TEST));
            int added = given.isPresent() ? 0 : first.ownRun().added(images).size();
            if (added > 0) {
                console.note("%s: compared on those of the run, without %s that the data has today"
                        .formatted(runs.get(0), count(added, "other test image")));
            }
            Pictures all = images.pictures(tested.images(), "test images", console);
            Pictures test = given.isEmpty() ? all : unknown(records, all);
            warnOfLearned(records, test);
            List<Scores> scores = new ArrayList<>();
            List<ComparedClassifier> classifiers = new ArrayList<>();
            for (int i = 0; i < files.size(); i++) {
                ClassifierFile file = files.get(i);
                scores.add(scores(i, file, space, tested.classNames(), test));
                classifiers.add(ComparedClassifier.tested(runs.get(i).toString(), scores.get(i), Confidence.of(file)));
            }
            if (Labels.areSets(test.labelSets())) {
                compareSets(scores.stream().map(Scores::sets).toList(), test.size());
                return 0;
            }
            Comparison comparison = new Comparison(tested.classNames(), classifiers);
            Table<Integer> disagreements = disagreements(comparison, test);
            if (asJson.json) {
                console.print(json(comparison, disagreements)
                        .put("images", test.size())
                        .put("left_out", all.size() - test.size()));
            } else {
                print(comparison, disagreements, test.size());
            }
        }
        return 0;
    }

    /** Returns the images that no run learned from or chose by. */
    private Pictures unknown(List<EvaluationData> records, Pictures all) {
        Set<Integer> known = new HashSet<>();
        for (EvaluationData record : records) {
            known.addAll(record.known(all.images()));
            if (record.images().isEmpty()) {
                console.note(runs.get(records.indexOf(record))
                        + ": the images that it learned from are not recorded: any among these inflate its accuracy");
            }
        }
        int left = all.size() - known.size();
        CommandFailure.require(
                left >= FEWEST,
                "%d of %s left, by content, that no run learned from or chose by: give %d or more, such as new ones"
                        .formatted(left, count(all.size(), "image is", "images are"), FEWEST));
        if (!known.isEmpty()) {
            console.note("compared on %d of %d images: the runs learned from the others or chose by them"
                    .formatted(left, all.size()));
        }
        return all.without(known);
    }

    /** Compares the mean average precision of classifiers of several labels with the first's, on the same resamples. */
    private void compareSets(List<LabelScores> scores, int images) {
        LabelScores first = scores.get(0);
        CommandFailure.require(
                first.meanAveragePrecision() != null,
                "none of %s shows any of the classes: give others by --data".formatted(count(images, "image")));
        Table<Integer> table = new Table<Integer>()
                .text("run", i -> runs.get(i).toString())
                .numbers("mAP", i -> scores.get(i).meanAveragePrecision(), "map")
                .numbers(
                        "over the first",
                        i -> scores.get(i).meanAveragePrecision() - first.meanAveragePrecision(),
                        "gain")
                .numbers("95 % interval", i -> i == 0 ? Cell.NONE : gain(scores.get(i), first), "low", "high")
                .rows(IntStream.range(0, runs.size()).boxed().toList());
        table.print(asJson.json ? JSON : TABLE, console);
    }

    private static Cell gain(LabelScores other, LabelScores first) {
        Bounds gain = other.bounds(Measure.MAP.less(Measure.MAP, first), 1);
        return Cell.range(gain.low(), gain.high());
    }

    private void warnOfLearned(List<EvaluationData> records, Pictures test) {
        for (int i = 0; i < records.size(); i++) {
            int both = records.get(i).learned(test.images()).size();
            if (both > 0) {
                console.warn(
                        "%s learned from %d of the %d test images, so its accuracy is inflated: give others by --data"
                                .formatted(runs.get(i), both, test.size()));
            }
        }
    }

    private Scores scores(int run, ClassifierFile file, FeatureSpace space, List<String> names, Pictures test)
            throws IOException {
        try (Classifier classifier = file.open(space).forClasses(names)) {
            return test.scores(classifier);
        } catch (IllegalArgumentException e) {
            throw new CommandFailure(runs.get(run) + ": " + e.getMessage());
        }
    }

    /** Returns a row per image, by its index, on which runs disagree. */
    private static Table<Integer> disagreements(Comparison comparison, Pictures test) {
        List<String> names = comparison.classNames();
        List<LabelledImage> images = test.images();
        List<int[]> runs = comparison.classifiers().stream()
                .map(run -> run.test().predictions())
                .toList();
        Table<Integer> table = new Table<Integer>()
                .text("file", i -> images.get(i).path().toString())
                .text("truth", i -> names.get(images.get(i).label()))
                .data("labels", i -> runs.stream().map(run -> names.get(run[i])).toList());
        for (int r = 0; r < runs.size(); r++) {
            int[] run = runs.get(r);
            table.text(comparison.classifiers().get(r).name(), i -> names.get(run[i]))
                    .in(TABLE);
        }
        return table.rows(IntStream.range(0, images.size())
                .filter(i -> runs.stream().anyMatch(run -> run[i] != runs.get(0)[i]))
                .boxed()
                .toList());
    }

    private void print(Comparison comparison, Table<?> disagreements, int images) {
        new ComparisonTable(List.of(comparison)).table().print(TABLE, console);
        List<ComparedClassifier> all = comparison.classifiers();
        ComparedClassifier first = all.get(0);
        for (ComparedClassifier other : all.subList(1, all.size())) {
            String difference = signed(Comparison.test(other, first).difference(), 1);
            console.paragraph("%s against %s: %s points: %s"
                    .formatted(other.name(), first.name(), difference, ComparisonTable.meaning(other, first)));
        }
        int different = disagreements.rows().size();
        boolean cut = different > SHOWN && !showAll;
        console.print("different labels on %d of %s%s"
                .formatted(
                        different, count(images, "image"), cut ? ", the first " + SHOWN + " (--all shows all):" : ""));
        if (different > 0) {
            disagreements.lines().lines().stream()
                    .limit(cut ? 1 + SHOWN : Integer.MAX_VALUE)
                    .forEach(console.out()::println);
        }
    }

    private static ObjectNode json(Comparison comparison, Table<?> disagreements) {
        List<ComparedClassifier> all = comparison.classifiers();
        ComparedClassifier first = all.get(0);
        Table<ComparedClassifier> tests = new Table<ComparedClassifier>()
                .data("first", other -> first.name())
                .data("second", ComparedClassifier::name)
                .data("difference", other -> Comparison.test(other, first).difference())
                .data("p", other -> Comparison.test(other, first).pValue());
        return Json.object()
                .put("precision", FLOAT32.id())
                .<ObjectNode>set(
                        "runs", new ComparisonTable(List.of(comparison)).table().json())
                .<ObjectNode>set("tests", tests.rows(all.subList(1, all.size())).json())
                .set("disagreements", disagreements.json());
    }
}
