package org.coop4j.bench;

import static org.coop4j.cli.BenchCommand.DEFAULT;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.commons.math3.random.RandomDataGenerator;
import org.apache.commons.math3.random.RandomGeneratorFactory;
import org.coop4j.base.CacheFolder;
import org.coop4j.cli.BenchCommand.Subject;
import org.coop4j.cli.ConsoleCommand;
import org.coop4j.cli.Options;
import org.coop4j.clip.Clip;
import org.coop4j.console.Table;
import org.coop4j.data.DataSpec;
import org.coop4j.eval.Scores;
import org.coop4j.method.Method;
import org.coop4j.run.Learned;
import org.coop4j.run.Run;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code calibration}: calibration errors by the number of images that a temperature is fitted to. */
@Command(
        name = "calibration",
        description = {
            "Measure what calibration changes, by the number of images that it is fitted to.",
            "",
            "Each method learns once. Random parts of the test images calibrate it, and the error is measured on those that no part has:"
                    + " the mean of the draws, in points."
        },
        footer = "  calibration -m coop4j-small -d photographs")
final class CalibrationCommand extends ConsoleCommand {

    private static final List<Integer> COUNTS = List.of(8, 16, 24, 50, 100);

    @Mixin
    private Subject subject;

    @Option(names = "-d", required = true, paramLabel = "DIR", description = "A folder of labelled images.")
    private Path data;

    @Option(names = "--shots", paramLabel = "K", description = "Training images per class" + DEFAULT)
    private int shots = 8;

    @Option(names = "--draws", paramLabel = "N", description = "Draws" + DEFAULT)
    private int draws = 30;

    @ArgGroup
    private Options.LineFormat format = new Options.LineFormat();

    /** Calibration errors of a method in percent: uncalibrated, and after fits to each number of images. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Row(String method, double before, double[] after) {}

    @Override
    public Integer call() throws IOException {
        List<Method> methods = Method.builtIn().stream()
                .filter(method -> method.suits(false) && method.learns())
                .toList();
        Table<Row> rows = new Table<Row>()
                .text("method", Row::method)
                .among(methods.stream().map(Method::id).toList())
                .number("uncalibrated", 1, Row::before);
        for (int i = 0; i < COUNTS.size(); i++) {
            int column = i;
            rows.number("after_" + COUNTS.get(i), 1, row -> row.after[column]);
        }
        Path bank = CacheFolder.of(System.getenv()).resolve("bank");
        try (Clip clip = Clip.open(subject.file(console));
                Table<Row>.Printer printer = rows.printer(format.chosen(), console)) {
            for (Method method : methods) {
                Path folder = Files.createTempDirectory("calibration").resolve("run");
                try (Learned learned = Run.of(
                                clip, DataSpec.of(data), method, Map.of("shots", shots), Run.Options.of(bank))
                        .learn(folder, false)) {
                    printer.print(row(method.id(), learned.test()));
                }
            }
        }
        return 0;
    }

    private Row row(String method, Scores test) {
        RandomDataGenerator random =
                new RandomDataGenerator(RandomGeneratorFactory.createRandomGenerator(new Random(1)));
        double before = 0;
        double[] after = new double[COUNTS.size()];
        for (int draw = 0; draw < draws; draw++) {
            int[] order = random.nextPermutation(test.size(), test.size());
            int most = COUNTS.get(COUNTS.size() - 1);
            Scores others = part(test, Arrays.copyOfRange(order, most, order.length)); // the same for all numbers
            before += 100 * others.calibrationError() / draws;
            for (int i = 0; i < after.length; i++) {
                double temperature =
                        part(test, Arrays.copyOf(order, COUNTS.get(i))).temperature();
                after[i] += 100 * others.at(temperature).calibrationError() / draws;
            }
        }
        return new Row(method, before, after);
    }

    private static Scores part(Scores scores, int[] images) {
        return new Scores(
                Arrays.stream(images).map(i -> scores.labels()[i]).toArray(),
                Arrays.stream(images).mapToObj(i -> scores.logits()[i]).toArray(float[][]::new));
    }
}
