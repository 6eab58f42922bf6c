package org.coop4j.cli;

import static org.coop4j.base.Numbers.count;
import static org.coop4j.base.Numbers.number;
import static org.coop4j.console.Table.Format.TABLE;
import static org.coop4j.console.WrongUsage.require;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.coop4j.base.CacheFolder;
import org.coop4j.cli.Options.AsJson;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.console.Json;
import org.coop4j.console.Table;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.ImageDataset.Split;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.bank.FeatureBanks;
import org.coop4j.data.benchmark.Benchmark;
import org.coop4j.data.benchmark.Benchmark.Layout;
import org.coop4j.data.benchmark.Benchmark.Need;
import org.coop4j.eval.Labels;
import org.coop4j.findings.RunComparison.Located;
import org.coop4j.findings.RunComparison.NearDuplicates;
import org.coop4j.graph.host.Workers;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code coop datasets show}: one published dataset, or one's own images. */
@Command(name = "show")
final class DatasetsShowCommand extends ConsoleCommand {

    @Parameters(arity = "0..1", paramLabel = "NAME")
    Benchmark benchmark;

    @ArgGroup(exclusive = false)
    DataOptions own;

    @Option(names = "--copies")
    boolean copies;

    @Mixin
    AsJson json;

    @Override
    public Integer call() throws IOException {
        require((benchmark == null) != (own == null), "name a published dataset, or give your own images by --data");
        if (own != null) {
            ImageDataset data = own.spec().load(1, console::note);
            if (copies) {
                showCopies(data);
            } else {
                show(data);
            }
            return 0;
        }
        require(!copies, "--copies is for your own images: give them by --data");
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

    /** A picture in a group of copies. */
    private record Copy(int group, Located picture) {}

    /** Lists groups of files that have the same picture, by their outlines alone. */
    private void showCopies(ImageDataset data) {
        require(data.stored().isEmpty(), "--copies compares pictures, and features have none: omit it");
        List<Located> all = new ArrayList<>();
        List<Long> outlines = new ArrayList<>();
        try (FeatureBanks banks = new FeatureBanks(CacheFolder.bank());
                Workers workers = Workers.standard()) {
            for (Split split : Split.values()) {
                if (split != Split.VAL || !data.validatesOnTest()) {
                    List<LabelledImage> readable = banks.readable(data.images(split), workers);
                    readable.forEach(one -> all.add(new Located(one, split.label())));
                    outlines.addAll(banks.outlines(readable, workers));
                }
            }
        }
        FeatureMatrix none = FeatureMatrix.of(all.size(), 1, new float[all.size()]);
        List<Set<Located>> groups = NearDuplicates.groups(NearDuplicates.of(all, none, outlines));
        Table<Copy> rows = new Table<Copy>()
                .count("group", Copy::group)
                .text("file", one -> one.picture.image().path().toString())
                .text("class", one -> one.picture.image().className())
                .text("split", one -> one.picture.part());
        for (int i = 0; i < groups.size(); i++) {
            for (Located one : groups.get(i)) {
                rows.row(new Copy(i + 1, one));
            }
        }
        if (json.json) {
            console.print(rows.json());
        } else if (groups.isEmpty()) {
            console.print("no picture is a copy of another");
        } else {
            rows.print(TABLE, console);
        }
    }

    private void show(ImageDataset data) {
        List<String> names = data.classNames();
        List<Labels> labels = data.images().stream().map(LabelledImage::labels).toList();
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
        console.paragraph(
                "%s, %.2f labels per image; %d have none, %d have two or more; unknown %s %% of the labels",
                count(labels.size(), "image"),
                mean,
                IntStream.of(sizes).filter(n -> n == 0).count(),
                IntStream.of(sizes).filter(n -> n > 1).count(),
                number(unknown, 1));
    }
}
