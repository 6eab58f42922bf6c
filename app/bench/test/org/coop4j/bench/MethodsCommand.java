package org.coop4j.bench;

import static org.coop4j.cli.BenchCommand.DEFAULT;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.coop4j.base.Settings;
import org.coop4j.cli.ConsoleCommand;
import org.coop4j.cli.Converters.Positive;
import org.coop4j.cli.Options;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.clip.FeatureSpace.FeatureTable;
import org.coop4j.clip.VisualProjection;
import org.coop4j.console.Table;
import org.coop4j.console.WrongUsage;
import org.coop4j.data.FeatureSet.DenseFeatures;
import org.coop4j.eval.Labels;
import org.coop4j.eval.Predictions;
import org.coop4j.graph.host.Gemm;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.method.Classifier;
import org.coop4j.method.Method;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.Method.Task;
import org.coop4j.method.Trainer;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code methods}: time and memory of the methods that learn from image features. */
@Command(
        name = "methods",
        description = {
            "Measure the methods that learn from image features, on random features.",
            "",
            "Shows the seconds of learning and of classifying the test images, and the peak memory of the process."
                    + " The accuracy only proves that something was learned: features are class centres with noise."
        },
        footer = {
            "  methods",
            "  methods --classes 1000 --tests 50000 --method gda --json",
            "  methods --classes 80 --shots 250 --method linear-head"
        })
final class MethodsCommand extends ConsoleCommand {

    /** The widest number of the table. */
    private static final List<String> WIDEST = List.of("10,000.00");

    @Option(
            names = "--method",
            split = ",",
            paramLabel = "NAME",
            description = "Methods to measure (default: all of image features).")
    private List<String> names = List.of();

    @Option(
            names = "--classes",
            paramLabel = "N",
            converter = Positive.class,
            description = "Number of classes" + DEFAULT)
    private int classes = 100;

    @Option(
            names = "--shots",
            paramLabel = "K",
            converter = Positive.class,
            description = "Training images per class" + DEFAULT)
    private int shots = 16;

    @Option(
            names = "--width",
            paramLabel = "N",
            converter = Positive.class,
            description = "Width of a feature" + DEFAULT)
    private int width = 512;

    @Option(names = "--tests", paramLabel = "N", converter = Positive.class, description = "Test images" + DEFAULT)
    private int tests = 2500;

    @ArgGroup
    private Options.LineFormat format = new Options.LineFormat();

    @Override
    public Integer call() throws IOException {
        MethodBench bench = new MethodBench(classes, shots, width, tests);
        List<Method> methods = names.isEmpty() ? MethodBench.methods() : named();
        Table<MethodBench.Outcome> rows = new Table<MethodBench.Outcome>()
                .text("method", MethodBench.Outcome::method)
                .among(methods.stream().map(Method::id).toList())
                .number("fit_s", 2, MethodBench.Outcome::fitSeconds)
                .among(WIDEST)
                .number("test_s", 2, MethodBench.Outcome::testSeconds)
                .among(WIDEST)
                .share("accuracy", outcome -> (float) outcome.accuracy())
                .count("peak_mb", outcome -> outcome.peakBytes() >> 20)
                .among(WIDEST);
        try (Table<MethodBench.Outcome>.Printer printer = rows.printer(format.chosen(), console)) {
            for (Method method : methods) {
                printer.print(bench.run(method));
            }
        }
        return 0;
    }

    private List<Method> named() {
        List<Method> known = MethodBench.methods();
        List<Method> chosen = new ArrayList<>();
        for (String name : names) {
            chosen.add(known.stream()
                    .filter(method -> method.id().equals(name))
                    .findFirst()
                    .orElseThrow(() -> new WrongUsage("--method: expected one of %s, got \"%s\""
                            .formatted(known.stream().map(Method::id).toList(), name))));
        }
        return chosen;
    }

    /**
     * Methods of image features on random features, without a model. Images and the text of a class are its centre with
     * noise, of which texts have more. Features before the visual projection are 1.5 times as wide, as for ViT-B/16.
     *
     * @param classes number of classes
     * @param shots training images per class; a quarter as many val images choose settings
     * @param width of an embedded feature
     * @param tests number of test images
     */
    private record MethodBench(int classes, int shots, int width, int tests) {

        private static final double IMAGE_NOISE = 2.5;
        private static final double TEXT_NOISE = 4;
        private static final float LOG_LOGIT_SCALE = (float) Math.log(100);
        private static final int PER_QUARTER = 4;

        /**
         * A measured method.
         *
         * @param method the method's name
         * @param fitSeconds time of learning, including the choice of settings
         * @param testSeconds time of the logits of all test images
         * @param accuracy of the test images, 0 to 1
         * @param peakBytes peak memory of the process, 0 where unknown
         */
        record Outcome(String method, double fitSeconds, double testSeconds, double accuracy, long peakBytes) {}

        /** Returns the methods that learn from image features alone. */
        static List<Method> methods() {
            return Method.all().stream()
                    .filter(method -> method.group() == Method.Group.FEATURES)
                    .toList();
        }

        /** Learns and classifies once. */
        Outcome run(Method method) throws IOException {
            SplittableRandom random = new SplittableRandom(1);
            FeatureMatrix centres = FeatureMatrix.of(classes, width, StepBench.gaussian(random, classes * width, 1));
            List<String> names =
                    IntStream.range(0, classes).mapToObj(c -> "class " + c).toList();
            float[] texts = around(random, centres, ofEach(classes), TEXT_NOISE);
            VisualProjection projection = projection();
            FeatureMatrix seen = method.features() == FeatureKind.EMBEDDED
                    ? centres
                    : centres.products(projection.weight().transposed());
            FewShotFeatures data = new FewShotFeatures(
                    images(random, seen, classes * shots, !method.suits(false)),
                    images(random, seen, classes * ((shots + 3) / PER_QUARTER), !method.suits(false)));
            DenseFeatures test = images(random, seen, tests, !method.suits(false));
            Method used = Settings.has(method.settings(), "templates")
                    ? method.with(Map.of("templates", List.of("{}")))
                    : method;
            FeatureMatrix ofTexts = FeatureMatrix.of(classes, width, texts);
            FeatureTable table =
                    FeatureTable.of(Precision.FLOAT32, "", LOG_LOGIT_SCALE, names, ofTexts, Workers.standard());
            try (FeatureSpace space = with(projection, table)) {
                Task task = new Task(names, "{}", 1);
                Gemm.singleThreaded(() -> {}); // BLAS is loaded, as it is where a model is open
                forgetPeakMemory();
                long start = System.nanoTime();
                Trainer trainer = new Trainer(used.training(shots), 1);
                try (Classifier classifier = used.learner(space, task).fit(data, trainer)) {
                    long learned = System.nanoTime();
                    double right = right(classifier, test);
                    long end = System.nanoTime();
                    return new Outcome(
                            method.id(),
                            (learned - start) / 1e9,
                            (end - learned) / 1e9,
                            right / tests,
                            Measurement.peakMemory().orElse(0) << 20);
                }
            }
        }

        /** Returns a space with a projection, which a table of features lacks. */
        private static FeatureSpace with(VisualProjection projection, FeatureSpace table) {
            Class<?>[] types = {FeatureSpace.class};
            return (FeatureSpace) Proxy.newProxyInstance(
                    FeatureSpace.class.getClassLoader(),
                    types,
                    (proxy, method, arguments) -> method.getName().equals("requireVisualProjection")
                            ? projection
                            : method.invoke(table, arguments));
        }

        /** Returns a projection whose product with its transpose is approximately the identity matrix. */
        private VisualProjection projection() {
            int before = width + width / 2;
            float[] values = StepBench.gaussian(new SplittableRandom(2), width * before, 1 / Math.sqrt(before));
            return new VisualProjection("visual.proj", FeatureMatrix.of(width, before, values), null);
        }

        /** Returns the number of correct test images, classified in parts as in an evaluation. */
        private int right(Classifier classifier, DenseFeatures test) {
            int part = 1_000;
            int right = 0;
            for (int from = 0; from < tests; from += part) {
                int count = Math.min(part, tests - from);
                float[] rows = new float[count * test.width()];
                for (int i = 0; i < count; i++) {
                    test.copy(from + i, 0, rows, i * test.width());
                }
                FeatureMatrix logits = classifier.logits(FeatureMatrix.of(count, test.width(), rows));
                for (int i = 0; i < count; i++) {
                    right += test.labels(from + i).state(Predictions.argmax(logits.row(i))) == Labels.PRESENT ? 1 : 0;
                }
            }
            return right;
        }

        /** Returns images of one class each, or of two, which are the sum of both centres. */
        private DenseFeatures images(SplittableRandom random, FeatureMatrix centres, int count, boolean sets) {
            int[] labels = ofEach(count);
            float[] rows = around(random, centres, labels, IMAGE_NOISE);
            if (!sets) {
                return new DenseFeatures(centres.width(), 1, rows, labels);
            }
            List<Labels> both = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                int second = random.nextInt(classes);
                both.add(Labels.of(new int[] {labels[i], second}, new int[0]));
                for (int j = 0; j < centres.width(); j++) {
                    rows[i * centres.width() + j] += centres.get(second, j);
                }
            }
            return new DenseFeatures(centres.width(), 1, rows, both);
        }

        /** Returns {@code count} labels that cycle through the classes. */
        private int[] ofEach(int count) {
            return IntStream.range(0, count).map(i -> i % classes).toArray();
        }

        private static float[] around(SplittableRandom random, FeatureMatrix centres, int[] labels, double deviation) {
            int width = centres.width();
            float[] rows = StepBench.gaussian(random, Math.multiplyExact(labels.length, width), 1);
            for (int i = 0; i < rows.length; i++) {
                float centre = centres.get(labels[i / width], i % width);
                rows[i] = (float) (centre + deviation * rows[i]);
            }
            return rows;
        }

        /** Restarts the measurement of the peak from the memory in use; on Linux. */
        private static void forgetPeakMemory() {
            try {
                Files.writeString(Path.of("/proc/self/clear_refs"), "5");
            } catch (IOException e) {
                // Not Linux: the peak is that of the whole process.
            }
        }
    }
}
