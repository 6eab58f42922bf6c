package org.coop4j.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.coop4j.analysis.Comparison;
import org.coop4j.analysis.Contender;
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
import org.coop4j.run.Confidence;
import org.coop4j.run.DataSpec;
import org.coop4j.run.Evaluator;
import org.coop4j.run.RunConfig;
import org.coop4j.run.RunConfigFile;
import org.coop4j.run.RunFolder;
import org.coop4j.run.RunImages;
import org.coop4j.run.Scores;
import org.coop4j.run.TestImages;
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
        footer = {
            "",
            "Examples:",
            "  coop compare run-coop run-probe",
            "  coop compare runs/* --json"
        })
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

    @Mixin private Options.Vocabulary vocabulary = new Options.Vocabulary();
    @Mixin private Options.Bank bankOptions;
    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    CompareCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException {
        List<ClassifierFile> files = new ArrayList<>();
        for (Path run : runs) {
            files.add(new PromptOptions(run, model, vocabulary).read());
        }
        RunConfig first = RunConfigFile.read(runs.get(0).resolve(RunFolder.CONFIG));
        DataSpec source = first.testedOn().source();
        List<LabelledImage> rows =
                source.holdsFeatures() ? source.load(first.sample().seed()).test() : List.of();
        PromptOptions learnedWith = new PromptOptions(runs.get(0), model, vocabulary);
        try (FeatureSpace space = learnedWith.open(files.get(0), rows, Precision.FLOAT32)) {
            Evaluator evaluator = bankOptions.shared(space).evaluator(first, console);
            warnOfLearned(evaluator.images());
            Comparison comparison = compare(space, files, evaluator);
            if (json) {
                Json.print(json(comparison, evaluator.images()), console.out());
            } else {
                print(comparison, evaluator.images());
            }
            console.flush();
        }
        return 0;
    }

    /** A test image that a run learned from is no test of it. */
    private void warnOfLearned(TestImages images) throws IOException {
        for (Path run : runs) {
            Set<String> learned =
                    RunImages.of(run).map(RunImages::learnedContents).orElse(Set.of());
            long both = images.images().stream().filter(i -> learned.contains(i.sha256())).count();
            if (both > 0) {
                console.warn(
                        "%s learned from %d of the %s: its accuracy says too much"
                                .formatted(run, both, Numbers.count(images.size(), "test image")));
            }
        }
    }

    private Comparison compare(FeatureSpace space, List<ClassifierFile> files, Evaluator evaluator)
            throws IOException {
        List<String> names = evaluator.dataset().classNames();
        List<Contender> contenders = new ArrayList<>();
        for (int i = 0; i < files.size(); i++) {
            ClassifierFile file = files.get(i);
            try (Classifier classifier = file.open(space).forClasses(names)) {
                Scores none = Scores.of(new int[0], new float[0][]);
                contenders.add(
                        new Contender(
                                runs.get(i).toString(),
                                Contender.Kind.METHOD,
                                none,
                                none,
                                evaluator.scores(classifier),
                                Confidence.of(file),
                                Double.NaN));
            } catch (IllegalArgumentException e) {
                throw new CommandFailure(runs.get(i) + ": " + e.getMessage());
            }
        }
        return new Comparison(names, contenders);
    }

    private void print(Comparison comparison, TestImages images) {
        ComparisonTable.of(List.of(comparison)).lines().print(console.out());
        List<Contender> all = comparison.contenders();
        for (int i = 1; i < all.size(); i++) {
            console.out()
                    .println(
                            "%s against %s: %s points, %s"
                                    .formatted(
                                            all.get(i).name(),
                                            all.get(0).name(),
                                            Numbers.signed(
                                                    Comparison.test(all.get(i), all.get(0))
                                                            .difference(),
                                                    1),
                                            ComparisonTable.meaning(all.get(i), all.get(0))));
        }
        List<Integer> different = different(all);
        console.out()
                .println(
                        "they disagree on %s of %s%s"
                                .formatted(
                                        Numbers.count(different.size(), "picture"),
                                        Numbers.count(images.size()),
                                        different.size() > SHOWN
                                                ? ", the first " + SHOWN + ":"
                                                : ""));
        if (different.isEmpty()) {
            return;
        }
        Table.Kind[] columns = new Table.Kind[2 + all.size()];
        Arrays.fill(columns, Table.Kind.WORDS);
        AlignedLines table = new AlignedLines(columns);
        List<String> head = new ArrayList<>(List.of("PICTURE", "TRUE CLASS"));
        all.forEach(c -> head.add(c.name()));
        table.row(head.toArray(String[]::new));
        for (int i : different.subList(0, Math.min(SHOWN, different.size()))) {
            List<String> row = new ArrayList<>();
            row.add(images.images().get(i).image().path().toString());
            row.add(comparison.classNames().get(images.labels()[i]));
            all.forEach(c -> row.add(comparison.classNames().get(c.test().predictions()[i])));
            table.row(row.toArray(String[]::new));
        }
        table.print(console.out());
    }

    /** Positions of the images that do not get the same class of all. */
    private static List<Integer> different(List<Contender> all) {
        List<int[]> predictions = all.stream().map(c -> c.test().predictions()).toList();
        return IntStream.range(0, predictions.get(0).length)
                .filter(i -> predictions.stream().mapToInt(p -> p[i]).distinct().count() > 1)
                .boxed()
                .toList();
    }

    private static ObjectNode json(Comparison comparison, TestImages images) {
        ObjectNode json = Json.object();
        List<Contender> all = comparison.contenders();
        ArrayNode rows = json.putArray("runs");
        all.forEach(
                c ->
                        rows.addObject()
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
            ObjectNode picture =
                    pictures.addObject()
                            .put("file", images.images().get(i).image().path().toString())
                            .put("class", comparison.classNames().get(images.labels()[i]));
            ArrayNode predicted = picture.putArray("predicted");
            all.forEach(c -> predicted.add(comparison.classNames().get(c.test().predictions()[i])));
        }
        return json;
    }
}
