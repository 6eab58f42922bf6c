package org.coop4j.cli;

import static org.coop4j.base.Numbers.count;
import static org.coop4j.console.CommandFailure.require;
import static org.coop4j.console.Table.Format.JSON;
import static org.coop4j.console.Table.Format.TABLE;
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
import org.coop4j.console.WrongUsage;
import org.coop4j.data.ImageDataset.Split;
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
import org.coop4j.run.RunImages;
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
    ModelOptions model;

    @Mixin
    Bank bankOptions;

    @Mixin
    AsJson asJson;

    @Override
    public Integer call() throws IOException {
        WrongUsage.require(runs.size() > 1, "one run, %s: give two or more", runs.get(0));
        List<LearnedClassifier> learned = new ArrayList<>();
        List<EvaluationData> records = new ArrayList<>();
        for (Path run : runs) {
            LearnedClassifier one = model.learned(run);
            learned.add(one);
            records.add(EvaluationData.of(one.file(), one.folder(), console));
        }
        EvaluationData first = records.get(0);
        Tested given = dataOptions == null
                ? null
                : first.ofOthers(dataOptions.spec(), new Choice(null, dataOptions.half, null, false));
        Optional<StoredFeatures> stored = given == null ? first.ownRun().stored() : StoredFeatures.of(given.images());
        try (FeatureSpace space = learned.get(0).open(stored, Optional.of(FLOAT32))) {
            Images images = bankOptions.images(space);
            Tested tested = given == null ? first.own(images, first.ownRun().orientation(Split.TEST)) : given;
            int added = given == null ? first.ownRun().added(images).size() : 0;
            if (added > 0) {
                console.note(
                        "%s: compared on those of the run, without %s that the data has today",
                        runs.get(0), count(added, "other test image"));
            }
            Pictures all = images.pictures(tested.images(), "test images", console);
            Pictures test = given == null ? all : unknown(records, all);
            List<Scores> scores = new ArrayList<>();
            List<ComparedClassifier> classifiers = new ArrayList<>();
            for (int i = 0; i < runs.size(); i++) {
                String name = runs.get(i).toString();
                ClassifierFile file = learned.get(i).file();
                int both = records.get(i).learned(test.images()).size();
                if (both > 0) {
                    console.warn(
                            "%s learned from %d of the %d test images, so its accuracy is inflated: give others by --data",
                            name, both, test.size());
                }
                try (Classifier classifier = file.open(space).forClasses(tested.classNames())) {
                    scores.add(test.scores(classifier));
                } catch (IllegalArgumentException e) {
                    throw new CommandFailure(name + ": " + e.getMessage());
                }
                classifiers.add(ComparedClassifier.tested(name, scores.get(i), Confidence.of(file)));
            }
            if (Labels.areSets(test.labelSets())) {
                compareSets(scores.stream().map(Scores::sets).toList(), test.size());
                return 0;
            }
            ComparisonTable comparison = new ComparisonTable(List.of(new Comparison(tested.classNames(), classifiers)));
            Table<?> different = comparison.disagreements(test.images());
            if (asJson.json) {
                console.print(Json.object()
                        .put("precision", FLOAT32.id())
                        .<ObjectNode>set("runs", comparison.table().json())
                        .<ObjectNode>set("tests", comparison.tests().json())
                        .<ObjectNode>set("disagreements", different.json())
                        .put("images", test.size())
                        .put("left_out", all.size() - test.size()));
            } else {
                comparison.table().print(TABLE, console);
                comparison.against().forEach(console::paragraph);
                print(different, test.size());
            }
        }
        return 0;
    }

    /** Returns the images that no run learned from or chose by. */
    private Pictures unknown(List<EvaluationData> records, Pictures all) throws IOException {
        Set<Integer> known = new HashSet<>();
        for (EvaluationData record : records) {
            known.addAll(record.known(all.images()));
            if (record.images().get().equals(RunImages.NONE)) {
                console.note(runs.get(records.indexOf(record))
                        + ": the images that it learned from are not recorded: any among these inflate its accuracy");
            }
        }
        int left = all.size() - known.size();
        require(
                left >= FEWEST,
                "%d of %s left, by content, that no run learned from or chose by: give %d or more, such as new ones",
                left,
                count(all.size(), "image is", "images are"),
                FEWEST);
        if (!known.isEmpty()) {
            console.note(
                    "compared on %d of %d images: the runs learned from the others or chose by them", left, all.size());
        }
        return all.without(known);
    }

    /** Compares the mean average precision of classifiers of several labels with the first's, on the same resamples. */
    private void compareSets(List<LabelScores> scores, int images) {
        LabelScores first = scores.get(0);
        require(
                first.meanAveragePrecision() != null,
                "none of %s shows any of the classes: give others by --data",
                count(images, "image"));
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

    private void print(Table<?> disagreements, int images) {
        int different = disagreements.rows().size();
        boolean cut = different > SHOWN && !showAll;
        console.print(
                "different labels on %d of %s%s",
                different, count(images, "image"), cut ? ", the first " + SHOWN + " (--all shows all):" : "");
        if (different > 0) {
            disagreements.lines().lines().stream()
                    .limit(cut ? 1 + SHOWN : Integer.MAX_VALUE)
                    .forEach(console.out()::println);
        }
    }
}
