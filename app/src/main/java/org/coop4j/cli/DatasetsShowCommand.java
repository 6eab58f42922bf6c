package org.coop4j.cli;

import static java.util.stream.Collectors.joining;
import static org.coop4j.base.Numbers.count;
import static org.coop4j.console.Table.Format.TABLE;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.coop4j.base.Numbers;
import org.coop4j.cli.Options.AsJson;
import org.coop4j.console.AlignedLines;
import org.coop4j.console.Json;
import org.coop4j.console.Table;
import org.coop4j.console.WrongUsage;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.ImageDataset.Split;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.benchmark.Benchmark;
import org.coop4j.data.benchmark.Benchmark.About;
import org.coop4j.data.benchmark.Benchmark.Layout;
import org.coop4j.data.benchmark.Benchmark.Sizes;
import org.coop4j.eval.Labels;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code coop datasets show}: one published dataset, or one's own images. */
@Command(name = "show")
final class DatasetsShowCommand extends ConsoleCommand {

    private final AlignedLines facts = new AlignedLines();

    @Parameters(arity = "0..1", paramLabel = "NAME")
    Benchmark benchmark;

    @ArgGroup(exclusive = false)
    DataOptions own;

    @Mixin
    AsJson json;

    @Override
    public Integer call() throws IOException {
        WrongUsage.require(
                (benchmark == null) != (own == null), "name a published dataset, or give your own images by --data");
        if (own != null) {
            showOwn(own.spec().load(1, console::note));
        } else if (json.json) {
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
        Sizes sizes = benchmark.published();
        fact(
                "images",
                count(sizes.classes(), "class", "classes") + ": "
                        + (benchmark.testsOnly()
                                ? count(sizes.test(), "test image") + ", none to train on"
                                : "%,d train, %,d val, %,d test".formatted(sizes.train(), sizes.val(), sizes.test())));
        fact("template", benchmark.template());
        fact("paper", about.paper());
        fact("homepage", about.homepage());
        fact("terms", about.terms());
        fact("preparation", about.preparation());
        fact(
                "division",
                benchmark
                                .layout()
                                .splitFile()
                                .map(name -> name + "; without it, a split is made: ")
                                .orElse("")
                        + benchmark.rule().description());
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

    private void showOwn(ImageDataset data) {
        List<String> names = data.classNames();
        List<Split> splits = List.of(Split.values());
        List<Labels> labels = splits.stream()
                .flatMap(split -> data.images(split).stream())
                .distinct()
                .map(LabelledImage::labels)
                .toList();
        int[] sizes = labels.stream().mapToInt(one -> one.present().length).toArray();
        double mean = IntStream.of(sizes).average().orElse(0);
        double unknown = 100.0
                * labels.stream().mapToInt(one -> one.unknown().length).sum()
                / ((double) labels.size() * names.size());
        ObjectNode tree = Json.object()
                .put("images", labels.size())
                .put("labels_per_image", mean)
                .put("unknown", unknown);
        Table<Integer> classes = new Table<Integer>().text("class", names::get);
        for (Split split : splits) {
            int[] counts = data.positives(split);
            classes.count(split.label(), c -> counts[c]);
            ObjectNode own = tree.putObject(split.label());
            IntStream.range(0, counts.length).forEach(c -> own.put(names.get(c), counts[c]));
        }
        if (json.json) {
            console.print(tree);
            return;
        }
        classes.rows(IntStream.range(0, names.size()).boxed().toList()).print(TABLE, console);
        console.print("");
        fact(
                "images",
                splits.stream()
                        .map(split -> data.images(split).size() + " " + split.label())
                        .collect(joining(", ")));
        fact(
                "labels per image",
                "%.2f; %d images have none, %d have two or more"
                        .formatted(
                                mean,
                                IntStream.of(sizes).filter(n -> n == 0).count(),
                                IntStream.of(sizes).filter(n -> n > 1).count()));
        fact("unknown", Numbers.number(unknown, 1) + " % of the labels");
        facts.within(console.width()).print(console);
    }

    /** Adds a row; none for an empty text. */
    private void fact(String label, String text) {
        if (!text.isEmpty()) {
            facts.row(label, text);
        }
    }

    private void printTree() {
        Layout layout = benchmark.layout();
        String directory = "DATA/" + layout.directory() + "/";
        AlignedLines tree = new AlignedLines().row("EXPECTED", "NEEDED");
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
