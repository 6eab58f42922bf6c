package org.coop4j.bench;

import static org.coop4j.cli.BenchCommand.DEFAULT;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.coop4j.base.CacheFolder;
import org.coop4j.base.Progress;
import org.coop4j.cli.BenchCommand.Subject;
import org.coop4j.cli.ConsoleCommand;
import org.coop4j.cli.Options;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.console.Table;
import org.coop4j.data.DataSpec;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.LabelledImage;
import org.coop4j.eval.Scores;
import org.coop4j.method.Method;
import org.coop4j.method.Method.Group;
import org.coop4j.method.Method.Task;
import org.coop4j.run.Images;
import org.coop4j.run.Images.Pictures;
import org.coop4j.run.Run;
import org.coop4j.run.Support;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code labels}: how well methods rank wrong labels. */
@Command(
        name = "labels",
        description = {
            "Measure how well methods rank wrong labels.",
            "",
            "A share of all images gets a random wrong label. Each method judges all images by cross-validation and ranks"
                    + " them by margin: the percentage of wrong labels among the first, mean of the draws."
        },
        footer = "  labels -m coop4j-small -d photographs")
final class LabelsCommand extends ConsoleCommand {

    private static final List<Integer> FIRST = List.of(5, 10, 20, 34);

    @Mixin
    private Subject subject;

    @Option(names = "-d", required = true, paramLabel = "DIR", description = "A folder of labelled images.")
    private Path data;

    @Option(names = "--share", paramLabel = "P", description = "Percentage of wrong labels" + DEFAULT)
    private double share = 5;

    @Option(names = "--draws", paramLabel = "N", description = "Draws" + DEFAULT)
    private int draws = 20;

    @Option(names = "--method", split = ",", paramLabel = "NAME", description = "Methods (default: all of embeddings).")
    private List<String> names = List.of();

    @ArgGroup
    private Options.LineFormat format = new Options.LineFormat();

    /** Percentages of wrong labels among the first, and the seconds of a draw. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Row(String method, double[] wrong, double seconds) {}

    @Override
    public Integer call() throws IOException {
        List<Method> methods = Method.builtIn().stream()
                .filter(method -> (names.isEmpty() || names.contains(method.id()))
                        && method.suits(false)
                        && method.learns()
                        && method.group() != Group.PROMPTS
                        && method.features() == FeatureKind.EMBEDDED)
                .toList();
        Table<Row> rows = new Table<Row>()
                .text("method", Row::method)
                .among(methods.stream().map(Method::id).toList());
        for (int i = 0; i < FIRST.size(); i++) {
            int column = i;
            rows.number("first_" + FIRST.get(i), 0, row -> row.wrong[column]);
        }
        rows.number("seconds", 1, Row::seconds);
        Path bank = CacheFolder.of(System.getenv()).resolve("bank");
        try (Clip clip = Clip.open(subject.file(console));
                Table<Row>.Printer printer = rows.printer(format.chosen(), console)) {
            Images images = new Images(clip, Run.Options.of(bank));
            ImageDataset dataset = images.dataset(DataSpec.of(data), 1);
            List<LabelledImage> listed = new ArrayList<>(dataset.train());
            listed.addAll(dataset.val());
            listed.addAll(dataset.test());
            Pictures all = images.pictures(listed, "images", Progress.NONE);
            Pictures none = images.pictures(List.of(), "no images", Progress.NONE);
            Support support = new Support(images, new Task(dataset.classNames(), "a photo of a {}.", 1), all, none);
            for (Method method : methods) {
                printer.print(row(method, support));
            }
        }
        return 0;
    }

    private Row row(Method method, Support support) throws IOException {
        int classes = support.task().classNames().size();
        double[] wrong = new double[FIRST.size()];
        long start = System.nanoTime();
        for (int draw = 1; draw <= draws; draw++) {
            Random random = new Random(draw);
            int[] labels = support.train().labels();
            boolean[] changed = new boolean[labels.length];
            for (int i = 0; i < labels.length; i++) {
                changed[i] = random.nextDouble() < share / 100;
                int other = random.nextInt(classes - 1);
                labels[i] = changed[i] ? other + (other >= labels[i] ? 1 : 0) : labels[i];
            }
            Scores scores = support.crossValidated(
                    method,
                    FeatureSet.of(support.train().features(FeatureKind.EMBEDDED).matrix(), IntStream.of(labels)));
            List<Integer> ranked = IntStream.range(0, scores.size())
                    .boxed()
                    .sorted(Comparator.comparingDouble(i -> -margin(scores.logits()[i], labels[i])))
                    .toList();
            for (int i = 0; i < wrong.length; i++) {
                int first = Math.min(FIRST.get(i), ranked.size());
                wrong[i] += ranked.stream().limit(first).filter(j -> changed[j]).count() * 100.0 / first / draws;
            }
        }
        return new Row(method.id(), wrong, (System.nanoTime() - start) / 1e9 / draws);
    }

    private static double margin(float[] logits, int label) {
        return IntStream.range(0, logits.length)
                        .filter(c -> c != label)
                        .mapToDouble(c -> logits[c])
                        .max()
                        .orElseThrow()
                - logits[label];
    }
}
