package org.coop4j.bench;

import static org.coop4j.cli.BenchCommand.DEFAULT;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.commons.math3.random.RandomDataGenerator;
import org.apache.commons.math3.random.RandomGeneratorFactory;
import org.coop4j.base.Progress;
import org.coop4j.data.DataSpec;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.eval.Scores;
import org.coop4j.method.Method;
import org.coop4j.run.Images;
import org.coop4j.run.Learned;
import org.coop4j.run.Recipe;
import org.coop4j.run.Run;
import org.coop4j.run.RunConfig.RunData;
import picocli.CommandLine.Command;
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
final class CalibrationCommand extends Bench.OnPhotographs {

    private static final List<Integer> COUNTS = List.of(8, 16, 24, 50, 100);

    @Option(names = "--shots", paramLabel = "K", description = "Training images per class" + DEFAULT)
    private int shots = 8;

    @Option(names = "--draws", paramLabel = "N", description = "Draws" + DEFAULT)
    private int draws = 30;

    @Override
    boolean measures(Method method) {
        return true;
    }

    @Override
    List<String> columns() {
        return Stream.concat(Stream.of("uncalibrated"), COUNTS.stream().map(count -> "after_" + count))
                .toList();
    }

    @Override
    double[] row(Method method, Images images) throws IOException {
        Path folder = Files.createTempDirectory("calibration").resolve("run");
        DataSpec source = DataSpec.of(data);
        ImageDataset dataset = images.dataset(source, 1);
        Recipe recipe = Recipe.of(method, Map.of("shots", shots), Recipe.Lists.of(source, dataset), images.space());
        RunData lists = images.data(source, 1, ClassHalf.ALL);
        try (Learned learned = new Run(images, recipe, lists, Progress.NONE).learn(folder, false)) {
            return errors(learned.test());
        }
    }

    /** Calibration errors in percent: uncalibrated, and after fits to each number of images. */
    private double[] errors(Scores test) {
        RandomDataGenerator random =
                new RandomDataGenerator(RandomGeneratorFactory.createRandomGenerator(new Random(1)));
        double[] errors = new double[1 + COUNTS.size()];
        for (int draw = 0; draw < draws; draw++) {
            int[] order = random.nextPermutation(test.size(), test.size());
            int most = COUNTS.get(COUNTS.size() - 1);
            Scores others = part(test, Arrays.copyOfRange(order, most, order.length)); // the same for all numbers
            errors[0] += 100 * others.calibrationError() / draws;
            for (int i = 1; i < errors.length; i++) {
                double temperature =
                        part(test, Arrays.copyOf(order, COUNTS.get(i - 1))).temperature();
                errors[i] += 100 * others.at(temperature).calibrationError() / draws;
            }
        }
        return errors;
    }

    private static Scores part(Scores scores, int[] images) {
        return new Scores(
                Arrays.stream(images).map(i -> scores.labels()[i]).toArray(),
                Arrays.stream(images).mapToObj(i -> scores.logits()[i]).toArray(float[][]::new));
    }
}
