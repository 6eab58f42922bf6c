package org.coop4j.bench;

import static org.coop4j.cli.BenchCommand.DEFAULT;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.coop4j.base.CacheFolder;
import org.coop4j.base.Progress;
import org.coop4j.base.Settings;
import org.coop4j.cli.BenchCommand.Subject;
import org.coop4j.cli.ConsoleCommand;
import org.coop4j.cli.Converters.Positive;
import org.coop4j.cli.Options;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.console.Table;
import org.coop4j.data.DataSpec;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.FeatureSet.DenseFeatures;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.SplitRules;
import org.coop4j.eval.LabelScores;
import org.coop4j.eval.LabelScores.Decision;
import org.coop4j.eval.Labels;
import org.coop4j.eval.Predictions;
import org.coop4j.eval.Scores;
import org.coop4j.method.Classifier;
import org.coop4j.method.Method;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.Method.Task;
import org.coop4j.method.Trainer;
import org.coop4j.method.Training;
import org.coop4j.run.Images;
import org.coop4j.run.Images.Pictures;
import org.coop4j.run.Run;
import org.coop4j.run.Support;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code sets}: methods of several labels on pictures composed of photographs. */
@Command(
        name = "sets",
        description = {
            "Measure the methods of several labels on composed pictures.",
            "",
            "A composed picture is the mean of the features of 1 to 3 photographs of different classes, which are drawn with"
                    + " frequencies 1, 1/2, 1/3 and so on. The samples are greedy. mAP and F1 over all entries are means of"
                    + " the draws."
        },
        footer = "  sets -m coop4j-small -d photographs")
final class SetsCommand extends ConsoleCommand {

    private static final int MOST_TOGETHER = 3;
    private static final int TILE = 224;
    private static final String UNKNOWN_LEFT_OUT = "half unknown, left out";
    private static final String UNKNOWN_ABSENT = "half unknown, as absent";

    @Mixin
    private Subject subject;

    @Option(names = "-d", required = true, paramLabel = "DIR", description = "A folder of labelled images.")
    private Path data;

    @Option(names = "--shots", split = ",", paramLabel = "K", description = "Positives per class" + DEFAULT)
    private List<Integer> shots = List.of(1, 4, 16);

    @Option(names = "--draws", paramLabel = "N", converter = Positive.class, description = "Draws" + DEFAULT)
    private int draws = 2;

    @Option(
            names = "--images",
            paramLabel = "N",
            converter = Positive.class,
            description = "Composed pictures to draw the samples from, and to test on" + DEFAULT)
    private int count = 1500;

    @Option(
            names = "--tiles",
            paramLabel = "FOLDER",
            description =
                    "Write pictures of 1 to 3 photographs side by side with their list.csv instead, for coop train.")
    private Path tiles;

    @ArgGroup
    private Options.LineFormat format = new Options.LineFormat();

    /** Means over the draws; F1 at a probability of one half, at a shared threshold, and at one per class. */
    private record Row(String method, int shots, double map, double even, double shared, double each) {}

    @Override
    public Integer call() throws IOException {
        Method head = Method.of("linear-head");
        Map<String, Method> methods = new LinkedHashMap<>();
        methods.put("zero-shot", Method.zeroShot());
        methods.put("zero-shot, softmax", Method.zeroShot());
        methods.put("one-vs-rest", Method.of("one-vs-rest"));
        methods.put("linear-head", head);
        methods.put("linear-head, rate 0.01", head);
        methods.put("linear-head, ASL", head.with(Map.of("loss", "asl")));
        methods.put("linear-head, ASL, lambda 0", head.with(Map.of("loss", "asl", "lambda", 0)));
        methods.put(UNKNOWN_LEFT_OUT, head);
        methods.put(UNKNOWN_ABSENT, head);
        Table<Row> rows = new Table<Row>()
                .text("method", Row::method)
                .among(List.copyOf(methods.keySet()))
                .count("shots", Row::shots)
                .number("map", 1, Row::map)
                .number("of1_half", 1, Row::even)
                .number("of1_shared", 1, Row::shared)
                .number("of1_per_class", 1, Row::each);
        if (tiles != null) {
            writeTiles();
            return 0;
        }
        Path bank = CacheFolder.of(System.getenv()).resolve("bank");
        try (Clip clip = Clip.open(subject.file(console));
                Table<Row>.Printer printer = rows.printer(format.chosen(), console)) {
            Images images = new Images(clip, Run.Options.of(bank));
            ImageDataset dataset = images.dataset(DataSpec.of(data), 1);
            FeatureSet train =
                    images.pictures(dataset.train(), "images", Progress.NONE).features(FeatureKind.EMBEDDED);
            FeatureSet test =
                    images.pictures(dataset.test(), "images", Progress.NONE).features(FeatureKind.EMBEDDED);
            Pictures none = images.pictures(List.of(), "no images", Progress.NONE);
            Support support = new Support(images, new Task(dataset.classNames(), "a photo of a {}.", 1), none, none);
            for (Map.Entry<String, Method> method : methods.entrySet()) {
                for (int k : method.getValue().learns() ? shots : List.of(0)) {
                    List<Row> all = new ArrayList<>();
                    for (int draw = 1; draw <= draws; draw++) {
                        all.add(row(
                                method.getKey(),
                                method.getValue(),
                                k,
                                support,
                                composed(train, draw),
                                composed(test, -draw),
                                draw));
                    }
                    printer.print(mean(all));
                }
            }
        }
        return 0;
    }

    private static Row mean(List<Row> rows) {
        Row first = rows.get(0);
        return new Row(
                first.method,
                first.shots,
                rows.stream().mapToDouble(Row::map).average().orElseThrow(),
                rows.stream().mapToDouble(Row::even).average().orElseThrow(),
                rows.stream().mapToDouble(Row::shared).average().orElseThrow(),
                rows.stream().mapToDouble(Row::each).average().orElseThrow());
    }

    private Row row(String name, Method method, int k, Support support, FeatureSet pool, FeatureSet test, long seed)
            throws IOException {
        int classes = support.task().classNames().size();
        FeatureSet sample = k == 0
                ? FeatureSet.none(pool.width())
                : hidden(name, SplitRules.greedy(pool, classes, k, seed), classes, seed);
        Training training =
                method.adapted(method.training(k), support.images().space().logitScale());
        if (name.endsWith("rate 0.01")) {
            training = Settings.with(training, Map.of("rate", 10 * training.rate()));
        }
        FewShotFeatures data = new FewShotFeatures(sample, FeatureSet.none(pool.width()));
        try (Classifier classifier = support.learner(method).fit(data, new Trainer(training, seed))) {
            float[][] logits = classifier.logits(test.matrix()).toRows();
            if (name.endsWith("softmax")) {
                logits = Stream.of(logits).map(SetsCommand::softmax).toArray(float[][]::new);
            }
            LabelScores scores = LabelScores.of(test.labelSets(), logits);
            Scores held = k == 0 ? Scores.NONE : support.crossValidated(method, sample);
            LabelScores folds = LabelScores.of(held.truth(), held.logits());
            boolean decides = held.size() > 0;
            return new Row(
                    name,
                    k,
                    scores.meanAveragePrecision(),
                    k == 0 ? Double.NaN : scores.at(Decision.EVEN).of1(),
                    decides ? scores.at(Decision.of(folds, 0)).of1() : Double.NaN,
                    decides ? scores.at(Decision.of(folds, 1)).of1() : Double.NaN);
        }
    }

    private static float[] softmax(float[] logits) {
        double[] p = Predictions.softmax(logits);
        float[] row = new float[p.length];
        IntStream.range(0, p.length).forEach(i -> row[i] = (float) p[i]);
        return row;
    }

    /** Hides a random half of the labels, as unknown or as absent, if the name asks for it. */
    private static FeatureSet hidden(String name, FeatureSet sample, int classes, long seed) {
        if (!name.startsWith("half")) {
            return sample;
        }
        Random random = new Random(seed);
        int instead = name.equals(UNKNOWN_ABSENT) ? Labels.ABSENT : Labels.UNKNOWN;
        List<Labels> labels = sample.labelSets().stream()
                .map(own -> {
                    int[] states = IntStream.range(0, classes)
                            .map(c -> random.nextBoolean() ? own.state(c) : instead)
                            .toArray();
                    return Labels.ofStates(classes, c -> states[c]);
                })
                .toList();
        return new DenseFeatures(sample.width(), 1, sample.matrix().toArray(), labels);
    }

    /** Writes tiled photographs and a list of them, a third for the test. */
    private void writeTiles() throws IOException {
        ImageDataset dataset = DataSpec.of(data).load(1);
        Files.createDirectories(tiles);
        StringBuilder list = new StringBuilder("path,labels,split\n");
        for (int i = 0; i < count; i++) {
            boolean tested = i % 3 == 0;
            List<LabelledImage> photographs = tested ? dataset.test() : dataset.train();
            Random random = new Random(i);
            BufferedImage whole = new BufferedImage(2 * TILE, 2 * TILE, BufferedImage.TYPE_INT_RGB);
            Set<String> shown = new LinkedHashSet<>();
            int together = 1 + random.nextInt(MOST_TOGETHER);
            while (shown.size() < together) {
                LabelledImage photograph = photographs.get(random.nextInt(photographs.size()));
                if (shown.add(dataset.classNames().get(photograph.label()))) {
                    int place = shown.size() - 1;
                    whole.createGraphics()
                            .drawImage(
                                    ImageIO.read(photograph.path().toFile()),
                                    place % 2 * TILE,
                                    place / 2 * TILE,
                                    TILE,
                                    TILE,
                                    null);
                }
            }
            String name = "tiles-" + i + ".png";
            ImageIO.write(whole, "png", tiles.resolve(name).toFile());
            list.append("%s,%s,%s\n".formatted(name, String.join(";", shown), tested ? "test" : "train"));
        }
        Files.writeString(tiles.resolve("list.csv"), list);
    }

    /** Composes pictures of photographs of different classes. */
    private FeatureSet composed(FeatureSet photographs, long seed) {
        Random random = new Random(seed);
        FeatureMatrix units = photographs.matrix().normalized();
        int width = units.width();
        Map<Integer, List<Integer>> ofClass = new LinkedHashMap<>();
        for (int i = 0; i < photographs.size(); i++) {
            ofClass.computeIfAbsent(photographs.label(i), c -> new ArrayList<>())
                    .add(i);
        }
        float[] rows = new float[count * width];
        List<Labels> labels = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Set<Integer> shown = new LinkedHashSet<>();
            int together = 1 + random.nextInt(MOST_TOGETHER);
            while (shown.size() < together) {
                shown.add(zipf(random, ofClass.size()));
            }
            for (int label : shown) {
                List<Integer> own = ofClass.get(label);
                int photograph = own.get(random.nextInt(own.size()));
                for (int j = 0; j < width; j++) {
                    rows[i * width + j] += 10 * units.get(photograph, j) / together;
                }
            }
            labels.add(Labels.of(shown.stream().mapToInt(c -> c).toArray(), new int[0]));
        }
        return new DenseFeatures(width, 1, rows, labels);
    }

    private static int zipf(Random random, int classes) {
        double left = random.nextDouble()
                * IntStream.range(0, classes).mapToDouble(c -> 1.0 / (c + 1)).sum();
        int label = 0;
        while (left > 1.0 / (label + 1) && label < classes - 1) {
            left -= 1.0 / (label + 1);
            label++;
        }
        return label;
    }
}
