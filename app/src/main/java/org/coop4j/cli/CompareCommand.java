package org.coop4j.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.coop4j.base.Numbers;
import org.coop4j.cli.options.Options;
import org.coop4j.cli.options.PromptOptions;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.console.AlignedLines;
import org.coop4j.console.CommandFailure;
import org.coop4j.console.Console;
import org.coop4j.console.Json;
import org.coop4j.console.Table;
import org.coop4j.data.LabelledImage;
import org.coop4j.eval.McNemar;
import org.coop4j.graph.host.Precision;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.run.Comparison;
import org.coop4j.run.Comparison.ComparedClassifier;
import org.coop4j.run.Confidence;
import org.coop4j.run.DataSpec;
import org.coop4j.run.Evaluator;
import org.coop4j.run.LabelledFeatures;
import org.coop4j.run.RunConfig;
import org.coop4j.run.RunFolder;
import org.coop4j.run.RunImages;
import org.coop4j.study.report.ComparisonTable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code coop compare}: finished runs on the same test images. */
@Command(
        name = "compare",
        description = {
            "Compare finished runs on the test images of the first: a table, paired tests, and the"
                    + " pictures on which they disagree.",
            ""
        },
        footer = {"", "Examples:", "  coop compare run-coop run-probe", "  coop compare runs/* --json"})
final class CompareCommand implements Callable<Integer> {

    private static final int SHOWN = 20;

    private final Console console;

    @Parameters(arity = "2..*", paramLabel = "RUN", description = "Folders of finished runs.")
    private List<Path> runs;

    @Option(
            names = {"-m", "--model"},
            paramLabel = "FILE",
            description = "The model they were learned with (default: where it was then).")
    private Path model;

    @Mixin
    private Options.Vocabulary vocabulary = new Options.Vocabulary();

    @Mixin
    private Options.Bank bankOptions;

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    CompareCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException {
        List<ClassifierFile> files = new ArrayList<>();
        for (Path run : runs) {
            files.add(learned(run).read());
        }
        RunConfig first = RunConfig.read(runs.get(0).resolve(RunFolder.CONFIG));
        DataSpec source = first.testedOn().source();
        List<LabelledImage> rows =
                source.holdsFeatures() ? source.load(first.sample().seed()).test() : List.of();
        try (FeatureSpace space = learned(runs.get(0)).open(files.get(0), rows, Precision.FLOAT32)) {
            Evaluator evaluator = bankOptions.shared(space).evaluator(first, console);
            warnOfLearned(evaluator.images());
            Comparison comparison = compare(space, files, evaluator);
            if (json) {
                console.print(json(comparison, evaluator.images()));
            } else {
                print(comparison, evaluator.images());
            }
            console.flush();
        }
        return 0;
    }

    private PromptOptions learned(Path run) {
        return new PromptOptions(run, model, vocabulary);
    }

    /** A test image that a run learned from is no test of it. */
    private void warnOfLearned(LabelledFeatures images) throws IOException {
        for (Path run : runs) {
            Set<String> learned =
                    RunImages.of(run).map(RunImages::learnedContents).orElse(Set.of());
            long both = images.images().stream()
                    .filter(i -> learned.contains(i.sha256()))
                    .count();
            if (both > 0) {
                console.warn("%s learned from %d of the %s: its accuracy says too much"
                        .formatted(run, both, Numbers.count(images.size(), "test image")));
            }
        }
    }

    private Comparison compare(FeatureSpace space, List<ClassifierFile> files, Evaluator evaluator) throws IOException {
        List<String> names = evaluator.dataset().classNames();
        List<ComparedClassifier> contenders = new ArrayList<>();
        for (int i = 0; i < files.size(); i++) {
            ClassifierFile file = files.get(i);
            try (Classifier classifier = file.open(space).forClasses(names)) {
                contenders.add(ComparedClassifier.tested(
                        runs.get(i).toString(), evaluator.scores(classifier), Confidence.of(file)));
            } catch (IllegalArgumentException e) {
                throw new CommandFailure(runs.get(i) + ": " + e.getMessage());
            }
        }
        return new Comparison(names, contenders);
    }

    private void print(Comparison comparison, LabelledFeatures images) {
        ComparisonTable.of(List.of(comparison)).lines().print(console.out());
        List<ComparedClassifier> all = comparison.classifiers();
        ComparedClassifier first = all.get(0);
        for (ComparedClassifier other : all.subList(1, all.size())) {
            String difference = Numbers.signed(Comparison.test(other, first).difference(), 1);
            console.out()
                    .println("%s against %s: %s points, %s"
                            .formatted(other.name(), first.name(), difference, ComparisonTable.meaning(other, first)));
        }
        List<Integer> different = different(all);
        console.out()
                .println("they disagree on %s of %s%s"
                        .formatted(
                                Numbers.count(different.size(), "picture"),
                                Numbers.count(images.size()),
                                different.size() > SHOWN ? ", the first " + SHOWN + ":" : ""));
        if (different.isEmpty()) {
            return;
        }
        List<String> names = comparison.classNames();
        AlignedLines table = new AlignedLines(
                Collections.nCopies(2 + all.size(), Table.Kind.WORDS).toArray(Table.Kind[]::new));
        List<String> head = new ArrayList<>(List.of("PICTURE", "TRUE CLASS"));
        all.forEach(c -> head.add(c.name()));
        table.row(head.toArray(String[]::new));
        for (int i : different.subList(0, Math.min(SHOWN, different.size()))) {
            List<String> row = new ArrayList<>(List.of(path(images, i), names.get(images.labels()[i])));
            all.forEach(c -> row.add(names.get(c.test().predictions()[i])));
            table.row(row.toArray(String[]::new));
        }
        table.print(console.out());
    }

    private static String path(LabelledFeatures images, int i) {
        return images.images().get(i).image().path().toString();
    }

    /** Positions of the images that do not get the same class of all. */
    private static List<Integer> different(List<ComparedClassifier> all) {
        List<int[]> predictions = all.stream().map(c -> c.test().predictions()).toList();
        return IntStream.range(0, predictions.get(0).length)
                .filter(i -> predictions.stream().mapToInt(p -> p[i]).distinct().count() > 1)
                .boxed()
                .toList();
    }

    private static ObjectNode json(Comparison comparison, LabelledFeatures images) {
        ObjectNode json = Json.object();
        List<ComparedClassifier> all = comparison.classifiers();
        ArrayNode rows = json.putArray("runs");
        all.forEach(c -> rows.addObject()
                .put("run", c.name())
                .put("accuracy", c.accuracy())
                .put("macro_f1", c.test().evaluation().macroF1()));
        ArrayNode tests = json.putArray("tests");
        for (int i = 0; i < all.size(); i++) {
            for (int j = i + 1; j < all.size(); j++) {
                McNemar test = Comparison.test(all.get(j), all.get(i));
                tests.addObject()
                        .put("first", all.get(i).name())
                        .put("second", all.get(j).name())
                        .put("difference", test.difference())
                        .put("p", test.pValue());
            }
        }
        ArrayNode pictures = json.putArray("disagreements");
        for (int i : different(all)) {
            ObjectNode picture = pictures.addObject()
                    .put("file", path(images, i))
                    .put("class", comparison.classNames().get(images.labels()[i]));
            ArrayNode predicted = picture.putArray("predicted");
            all.forEach(c -> predicted.add(comparison.classNames().get(c.test().predictions()[i])));
        }
        return json;
    }
}
