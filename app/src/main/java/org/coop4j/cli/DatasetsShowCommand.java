package org.coop4j.cli;

import java.io.PrintStream;
import java.util.List;
import java.util.stream.Collectors;
import org.coop4j.base.Numbers;
import org.coop4j.cli.options.Options;
import org.coop4j.console.AlignedLines;
import org.coop4j.console.Table;
import org.coop4j.data.benchmark.Benchmark;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code coop datasets show}: one published dataset. */
@Command(
        name = "show",
        description = "Show a published dataset: its origin, the files it needs, the division of its images,"
                + " its class names and hand-written prompt.",
        footer = {"  coop datasets show eurosat", "  coop datasets show --json imagenet-a"})
final class DatasetsShowCommand extends ConsoleCommand {

    /** Width of the labels and the space after them. */
    private static final int LABELS = "also called".length() + 2;

    @Parameters(paramLabel = "NAME", description = "A published dataset, such as eurosat.")
    private Benchmark benchmark;

    @Mixin
    private Options.AsJson json;

    @Override
    public Integer call() {
        if (json.isChosen()) {
            console.print(DatasetsCommand.toJson(benchmark));
        } else {
            printFacts(console.out());
            console.out().println();
            printTree(console.out());
        }
        return 0;
    }

    private void printFacts(PrintStream out) {
        AlignedLines table = new AlignedLines(Table.Kind.WORDS, Table.Kind.WORDS);
        Benchmark.About about = benchmark.about();
        fact(table, "dataset", benchmark.name());
        fact(table, "also called", String.join(", ", DatasetsCommand.otherNames(benchmark)));
        fact(table, "images", images());
        fact(table, "template", benchmark.template());
        fact(table, "paper", about.paper());
        fact(table, "homepage", about.homepage());
        fact(table, "terms", about.terms());
        fact(table, "preparation", about.preparation());
        fact(table, "division", division());
        fact(table, "left out", benchmark.skipped().stream().sorted().collect(Collectors.joining(", ")));
        rows(
                table,
                "renamed",
                benchmark.renamed().entrySet().stream()
                        .filter(entry -> !entry.getKey().equals(entry.getValue()))
                        .map(entry -> entry.getKey() + " is called \"" + entry.getValue() + "\"")
                        .toList());
        table.print(out);
    }

    /** Adds a row, or several for a long text; none for an empty one. */
    private void fact(AlignedLines table, String label, String text) {
        if (!text.isEmpty()) {
            rows(table, label, AlignedLines.wrapped(text, console.width() - LABELS));
        }
    }

    /** Adds a row per line, the first with the label. */
    private static void rows(AlignedLines table, String label, List<String> lines) {
        for (int i = 0; i < lines.size(); i++) {
            table.row(i == 0 ? label : "", lines.get(i));
        }
    }

    private String images() {
        Benchmark.Sizes published = benchmark.published();
        String classes = Numbers.count(published.classes(), "class", "classes") + ": ";
        return benchmark.testsOnly()
                ? classes + Numbers.count(published.test(), "test image") + ", none to train on"
                : classes
                        + "%s train, %s val, %s test"
                                .formatted(
                                        Numbers.count(published.train()),
                                        Numbers.count(published.val()),
                                        Numbers.count(published.test()));
    }

    private String division() {
        String rule = benchmark.rule().description();
        return benchmark
                .layout()
                .splitFile()
                .map(file -> file + "; without it, a split is made: " + rule)
                .orElse(rule);
    }

    private void printTree(PrintStream out) {
        Benchmark.Layout layout = benchmark.layout();
        String directory = "DATA/" + layout.directory() + "/";
        AlignedLines tree = new AlignedLines(Table.Kind.WORDS, Table.Kind.WORDS);
        tree.row("EXPECTED", "NEEDED");
        for (String folder : layout.folders()) {
            tree.row(directory + folder + "/", "always");
        }
        layout.splitFile().ifPresent(file -> tree.row(directory + file, "for the published division"));
        for (String list : layout.lists()) {
            tree.row(directory + list, layout.splitFile().isPresent() ? "only without the split file" : "always");
        }
        tree.print(out);
    }
}
