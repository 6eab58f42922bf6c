package org.coop4j.cli;

import static org.coop4j.base.Numbers.count;
import static org.coop4j.console.Table.Format.TABLE;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.coop4j.base.Numbers;
import org.coop4j.cli.Options.AsJson;
import org.coop4j.console.Json;
import org.coop4j.console.Table;
import org.coop4j.console.WrongUsage;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.ImageDataset.Split;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.benchmark.Benchmark;
import org.coop4j.data.benchmark.Benchmark.Layout;
import org.coop4j.data.benchmark.Benchmark.Need;
import org.coop4j.eval.Labels;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code coop datasets show}: one published dataset, or one's own images. */
@Command(name = "show")
final class DatasetsShowCommand extends ConsoleCommand {

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
            show(own.spec().load(1, console::note));
            return 0;
        }
        Table<Benchmark> facts = DatasetsCommand.facts().row(benchmark);
        if (json.json) {
            console.print(facts.json().get(0));
            return 0;
        }
        facts.printFacts(console);
        console.print("");
        Layout layout = benchmark.layout();
        new Table<Map.Entry<String, Need>>()
                .text("expected", need -> "DATA/%s/%s%s"
                        .formatted(
                                layout.directory(),
                                need.getKey(),
                                layout.folders().contains(need.getKey()) ? "/" : ""))
                .text("needed", need -> switch (need.getValue()) {
                    case ALWAYS -> "always";
                    case FOR_PUBLISHED_SPLIT -> "for the published division";
                    case WITHOUT_SPLIT_FILE -> "only without the split file";
                })
                .rows(layout.needs().entrySet())
                .print(TABLE, console);
        return 0;
    }

    private void show(ImageDataset data) {
        List<String> names = data.classNames();
        List<Labels> labels = Stream.of(Split.values())
                .flatMap(split -> data.images(split).stream())
                .distinct()
                .map(LabelledImage::labels)
                .toList();
        int[] sizes = labels.stream().mapToInt(one -> one.present().length).toArray();
        double mean = IntStream.of(sizes).average().orElse(0);
        double unknown = 100.0
                * labels.stream().mapToInt(one -> one.unknown().length).sum()
                / ((double) labels.size() * names.size());
        Table<Integer> classes = new Table<Integer>().text("class", names::get);
        for (Split split : Split.values()) {
            int[] counts = data.positives(split);
            classes.count(split.label(), c -> counts[c]);
        }
        classes.rows(IntStream.range(0, names.size()).boxed().toList());
        if (json.json) {
            console.print(Json.object()
                    .put("images", labels.size())
                    .put("labels_per_image", mean)
                    .put("unknown", unknown)
                    .set("classes", classes.json()));
            return;
        }
        classes.print(TABLE, console);
        console.paragraph("%s, %.2f labels per image; %d have none, %d have two or more; unknown %s %% of the labels"
                .formatted(
                        count(labels.size(), "image"),
                        mean,
                        IntStream.of(sizes).filter(n -> n == 0).count(),
                        IntStream.of(sizes).filter(n -> n > 1).count(),
                        Numbers.number(unknown, 1)));
    }
}
