package org.coop4j.bench;

import static org.coop4j.cli.BenchCommand.DEFAULT;

import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.coop4j.base.Progress;
import org.coop4j.cli.ConsoleCommand;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.pool.Pool;
import org.coop4j.pool.Pool.Evidence;
import org.coop4j.pool.Search;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code pool-speed}: how long a pool of synthetic features takes. */
@Command(
        name = "pool-speed",
        description = {
            "Time what a pool computes, on synthetic features.",
            "",
            "Features lie around a centre per class; texts lie beside the centres. Each part once, after a warm-up of 2,000 pictures."
        },
        footer = "  pool-speed -n 100000")
final class PoolSpeedCommand extends ConsoleCommand {

    private static final double SCALE = 100;
    private static final int QUERIES = 20;

    @Option(names = "-n", paramLabel = "N", description = "Pictures" + DEFAULT)
    private int pictures = 10_000;

    @Option(names = "--classes", paramLabel = "K", description = "Classes" + DEFAULT)
    private int classes = 100;

    @Option(names = "--width", paramLabel = "D", description = "Length of a feature" + DEFAULT)
    private int width = 512;

    @Override
    public Integer call() {
        time(2_000, Progress.NONE, false);
        time(pictures, console, true);
        Runtime runtime = Runtime.getRuntime();
        System.gc();
        console.print("heap in use at the end: %d MB".formatted((runtime.totalMemory() - runtime.freeMemory()) >> 20));
        return 0;
    }

    private void time(int n, Progress progress, boolean shown) {
        Random random = new Random(1);
        float[] centres = values(random, classes * width, 1);
        float[] features = values(random, n * width, 1.5f);
        for (int i = 0; i < features.length; i++) {
            features[i] += 1 + centres[i / width % classes * width + i % width];
        }
        float[] words = values(random, classes * width, 1);
        for (int i = 0; i < words.length; i++) {
            words[i] += centres[i];
        }
        FeatureMatrix all = FeatureMatrix.of(n, width, features);
        FeatureMatrix texts = FeatureMatrix.of(classes, width, words).normalized();
        Pool pool = seconds("neighbours", shown, () -> Pool.of(all, progress));
        FeatureMatrix logits = pool.units().products(texts).times(SCALE);
        seconds("joint answers", shown, () -> pool.joint(Evidence.of(logits).texts(texts), progress));
        seconds("the next 12 labels", shown, () -> pool.next(logits, SCALE, Map.of(), 12));
        Search search = seconds("search, prepared", shown, pool::search);
        float[] query = texts.row(0);
        seconds("a search by words, mean of " + QUERIES, shown, QUERIES, () -> {
            IntStream.range(0, QUERIES).forEach(i -> search.words(query, null));
            return null;
        });
        seconds("a search by a picture, mean of " + QUERIES, shown, QUERIES, () -> {
            IntStream.range(0, QUERIES).forEach(i -> search.like(new int[] {i}, new int[0]));
            return null;
        });
        if (n <= 20_000) { // pages show no more
            seconds("map", shown, () -> pool.map(1, progress));
        }
    }

    private static float[] values(Random random, int count, float sd) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = sd * (float) random.nextGaussian();
        }
        return values;
    }

    private <T> T seconds(String what, boolean shown, Supplier<T> work) {
        return seconds(what, shown, 1, work);
    }

    private <T> T seconds(String what, boolean shown, int times, Supplier<T> work) {
        long began = System.nanoTime();
        T result = work.get();
        if (shown) {
            console.print("%s: %.3f s".formatted(what, (System.nanoTime() - began) / 1e9 / times));
        }
        return result;
    }
}
