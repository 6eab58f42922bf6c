package org.coop4j.cli;

import static java.util.stream.Collectors.joining;
import static org.coop4j.base.Numbers.count;

import java.util.Map;
import java.util.Optional;
import org.coop4j.cli.Options.AsJson;
import org.coop4j.console.AlignedLines;
import org.coop4j.data.benchmark.Benchmark;
import org.coop4j.data.benchmark.Benchmark.About;
import org.coop4j.data.benchmark.Benchmark.Layout;
import org.coop4j.data.benchmark.Benchmark.Sizes;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code coop datasets show}: one published dataset. */
@Command(name = "show")
final class DatasetsShowCommand extends ConsoleCommand {

    private final AlignedLines facts = new AlignedLines();

    @Parameters(paramLabel = "NAME")
    Benchmark benchmark;

    @Mixin
    AsJson json;

    @Override
    public Integer call() {
        if (json.json) {
            console.print(DatasetsCommand.toJson(benchmark));
        } else {
            printFacts();
            console.print("");
            printTree();
        }
        return 0;
    }

    private void printFacts() {
        About about = benchmark.about();
        fact("dataset", benchmark.name());
        fact("also called", String.join(", ", benchmark.otherNames()));
        fact("images", images());
        fact("template", benchmark.template());
        fact("paper", about.paper());
        fact("homepage", about.homepage());
        fact("terms", about.terms());
        fact("preparation", about.preparation());
        fact("division", division());
        fact("left out", benchmark.skipped().stream().sorted().collect(joining(", ")));
        String label = "renamed";
        for (Map.Entry<String, String> folder : benchmark.renamed().entrySet()) {
            if (!folder.getKey().equals(folder.getValue())) {
                fact(label, folder.getKey() + " is called \"" + folder.getValue() + '"');
                label = "";
            }
        }
        facts.within(console.width()).print(console);
    }

    /** Adds a row; none for an empty text. */
    private void fact(String label, String text) {
        if (!text.isEmpty()) {
            facts.row(label, text);
        }
    }

    private String images() {
        Sizes sizes = benchmark.published();
        String parts = benchmark.testsOnly()
                ? count(sizes.test(), "test image") + ", none to train on"
                : "%s train, %s val, %s test".formatted(count(sizes.train()), count(sizes.val()), count(sizes.test()));
        return count(sizes.classes(), "class", "classes") + ": " + parts;
    }

    private String division() {
        String rule = benchmark.rule().description();
        Optional<String> file = benchmark.layout().splitFile();
        return file.map(name -> name + "; without it, a split is made: ").orElse("") + rule;
    }

    private void printTree() {
        Layout layout = benchmark.layout();
        String directory = "DATA/" + layout.directory() + "/";
        AlignedLines tree = new AlignedLines();
        tree.row("EXPECTED", "NEEDED");
        layout.needs()
                .forEach((path, need) -> tree.row(
                        directory + path + (layout.folders().contains(path) ? "/" : ""),
                        switch (need) {
                            case ALWAYS -> "always";
                            case FOR_PUBLISHED_SPLIT -> "for the published division";
                            case WITHOUT_SPLIT_FILE -> "only without the split file";
                        }));
        tree.print(console);
    }
}
