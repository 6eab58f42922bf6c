package org.coop4j.bench;

import static org.coop4j.cli.BenchCommand.DEFAULT;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.coop4j.base.Progress;
import org.coop4j.clip.FeatureSpace.FeatureKind;
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
import org.coop4j.run.Support;
import picocli.CommandLine.Command;
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
final class LabelsCommand extends Bench.OnPhotographs {

    private static final List<Integer> FIRST = List.of(5, 10, 20, 34);

    @Option(names = "--share", paramLabel = "P", description = "Percentage of wrong labels" + DEFAULT)
    private double share = 5;

    @Option(names = "--draws", paramLabel = "N", description = "Draws" + DEFAULT)
    private int draws = 20;

    @Option(names = "--method", split = ",", paramLabel = "NAME", description = "Methods (default: all of embeddings).")
    private List<String> names = List.of();

    @Override
    boolean measures(Method method) {
        return (names.isEmpty() || names.contains(method.id()))
                && method.group() != Group.PROMPTS
                && method.features() == FeatureKind.EMBEDDED;
    }

    @Override
    List<String> columns() {
        return Stream.concat(FIRST.stream().map(count -> "first_" + count), Stream.of("seconds"))
                .toList();
    }

    @Override
    double[] row(Method method, Images images) throws IOException {
        ImageDataset dataset = images.dataset(DataSpec.of(data), 1);
        List<LabelledImage> listed = new ArrayList<>(dataset.train());
        listed.addAll(dataset.val());
        listed.addAll(dataset.test());
        Pictures none = images.pictures(List.of(), "no images", Progress.NONE);
        Support support = new Support(
                images,
                new Task(dataset.classNames(), "a photo of a {}.", 1),
                images.pictures(listed, "images", Progress.NONE),
                none);
        int classes = support.task().classNames().size();
        double[] wrong = new double[FIRST.size() + 1];
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
            for (int i = 0; i < FIRST.size(); i++) {
                int first = Math.min(FIRST.get(i), ranked.size());
                wrong[i] += ranked.stream().limit(first).filter(j -> changed[j]).count() * 100.0 / first / draws;
            }
        }
        wrong[FIRST.size()] = (System.nanoTime() - start) / 1e9 / draws;
        return wrong;
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
