package org.coop4j.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.coop4j.base.Progress;
import org.coop4j.base.Settings;
import org.coop4j.clip.Clip;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.data.FeatureSet.DenseFeatures;
import org.coop4j.method.Method;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.Method.Task;
import org.coop4j.method.Trainer;
import org.coop4j.method.Training;

/**
 * Steps of a prompt learner at its reference's batch, on random image features, to compare
 * with {@link TorchPeer}: arguments are a converted model, the method, the classes and the repetitions.
 */
public final class PromptSteps {

    private static final int NAME_LENGTH = 3;

    private PromptSteps() {}

    public static void main(String[] arguments) throws IOException {
        Method method = Method.of(arguments[1]);
        int classes = Integer.parseInt(arguments[2]);
        int runs = Integer.parseInt(arguments[3]);
        try (Clip clip = Clip.open(Path.of(arguments[0]))) {
            List<String> names =
                    IntStream.range(0, classes).mapToObj(PromptSteps::name).toList();
            Task task = new Task(names, "a photo of a {}.", 1);
            Training training = Settings.with(method.training(16), Map.of("epochs", runs + 1));
            DenseFeatures train = images(clip.embedDim(), Math.max(classes, training.batch()), classes);
            DenseFeatures none = new DenseFeatures(clip.embedDim(), 1, new float[0], new int[0]);
            double[] seconds = new double[runs];
            method.learner(clip, task)
                    .fit(new FewShotFeatures(train, none), timed(training, seconds))
                    .close();
            Arrays.sort(seconds);
            System.out.printf(
                    Locale.ROOT,
                    "coop4j, %s, %d classes, batch %d: %.3f s a step (median of %d)%n",
                    method.id(),
                    classes,
                    training.batch(),
                    seconds[runs / 2],
                    runs);
        }
    }

    /** Returns three words, each of one token. */
    private static String name(int label) {
        String[] words = {"red", "blue", "green", "cat", "dog", "house", "tree", "car"};
        return IntStream.range(0, NAME_LENGTH)
                .mapToObj(i -> words[label / (int) Math.pow(words.length, i) % words.length])
                .reduce("", (all, word) -> all + " " + word)
                .strip();
    }

    private static DenseFeatures images(int width, int count, int classes) {
        SplittableRandom random = new SplittableRandom(1);
        float[] rows = new float[count * width];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = (float) random.nextGaussian();
        }
        return new DenseFeatures(
                width, 1, rows, IntStream.range(0, count).map(i -> i % classes).toArray());
    }

    /** Returns a trainer that records the seconds of each step but the first, which is for warming up. */
    private static Trainer timed(Training training, double[] seconds) {
        Progress clock = new Progress() {
            @Override
            public Task task(String name, long total, Unit unit) {
                return new Task() {
                    private int steps;
                    private long begin = System.nanoTime();

                    @Override
                    public void advance(long more) {
                        long now = System.nanoTime();
                        if (more > 0) {
                            if (steps > 0 && steps <= seconds.length) {
                                seconds[steps - 1] = (now - begin) / 1e9;
                            }
                            steps++;
                            begin = now;
                        }
                    }
                };
            }
        };
        return new Trainer(training, 1, MemoryLimit.none(), clock, null);
    }
}
