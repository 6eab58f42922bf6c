package org.coop4j.bench;

import static org.coop4j.cli.BenchCommand.DEFAULT;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.coop4j.cli.ConsoleCommand;
import org.coop4j.data.FeatureTensors;
import org.coop4j.weights.DType;
import org.coop4j.weights.Shape;
import org.coop4j.weights.TensorView.TensorSpec;
import org.coop4j.weights.safetensors.SafetensorsWriter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code features}: files of made features of any size, to learn from by command. */
@Command(
        name = "features",
        description = {
            "Make files of features, features.safetensors (float16) and texts.safetensors.",
            "",
            "A feature is its class's centre and noise, divided by its norm; ten classes each are similar. Half of the features are"
                    + " to learn from, a fifth val and the others test."
        },
        footer = "  features -n 1000000 --classes 1000 made")
final class FeaturesCommand extends ConsoleCommand {

    private static final int ALIKE = 10;

    @Option(names = "-n", paramLabel = "N", description = "Features" + DEFAULT)
    private int count = 100_000;

    @Option(names = "--classes", paramLabel = "K", description = "Classes" + DEFAULT)
    private int classes = 100;

    @Option(names = "--width", paramLabel = "D", description = "Length of a feature" + DEFAULT)
    private int width = 512;

    @Parameters(paramLabel = "FOLDER", description = "Where to write the files")
    private Path folder;

    @Override
    public Integer call() throws IOException {
        Random random = new Random(1);
        float[][] groups = rows(random, classes / ALIKE + 1, 0.6f, null);
        float[][] centres = new float[classes][];
        for (int k = 0; k < classes; k++) {
            centres[k] = rows(random, 1, 0.45f, groups[k / ALIKE])[0];
        }
        Files.createDirectories(folder);
        write("texts", DType.F32, classes, random, centres, 0.8f);
        write("features", DType.F16, count, random, centres, 1.9f);
        return 0;
    }

    private float[][] rows(Random random, int number, float deviation, float[] centre) {
        float[][] rows = new float[number][width];
        for (float[] row : rows) {
            for (int j = 0; j < width; j++) {
                row[j] = (centre == null ? 0 : centre[j]) + deviation * (float) random.nextGaussian();
            }
        }
        return rows;
    }

    /** Writes rows whose classes follow one another in turn. */
    private void write(String name, DType type, int n, Random random, float[][] centres, float noise)
            throws IOException {
        List<TensorSpec> specs = List.of(
                new TensorSpec(FeatureTensors.FEATURES, type, Shape.of(n, width)),
                new TensorSpec(FeatureTensors.LABELS, DType.I32, Shape.of(n)),
                new TensorSpec(FeatureTensors.SPLIT, DType.I32, Shape.of(n)));
        String names = new ObjectMapper()
                .writeValueAsString(
                        IntStream.range(0, classes).mapToObj(k -> "class " + k).toList());
        try (SafetensorsWriter writer = SafetensorsWriter.create(
                folder.resolve(name + ".safetensors"), specs, Map.of(FeatureTensors.CLASS_NAMES, names))) {
            for (int i = 0; i < n; i++) {
                float[] row = rows(random, 1, noise, centres[i % classes])[0];
                double square = 0;
                for (float value : row) {
                    square += value * value;
                }
                for (int j = 0; j < width; j++) {
                    row[j] /= (float) Math.sqrt(square);
                }
                writer.writeFloats(FeatureTensors.FEATURES, row);
            }
            int part = 10 * classes; // of which each class has ten
            writer.writeLongs(
                    FeatureTensors.LABELS,
                    IntStream.range(0, n).map(i -> i % classes).asLongStream().toArray());
            writer.writeLongs(
                    FeatureTensors.SPLIT,
                    IntStream.range(0, n)
                            .map(i -> i % part / classes)
                            .mapToLong(tenth -> tenth < 5 ? 0 : tenth < 7 ? 1 : 2)
                            .toArray());
            writer.commit();
        }
    }
}
