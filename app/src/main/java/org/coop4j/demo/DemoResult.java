package org.coop4j.demo;

import static java.util.Comparator.comparingDouble;
import static java.util.stream.Collectors.joining;
import static org.coop4j.base.Numbers.percent;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import org.coop4j.base.CheckedJson;
import org.coop4j.console.SeedSummary;
import org.coop4j.page.Section.Fact;

/**
 * All numbers of the demo.
 *
 * @param model name of the model
 * @param modelSha256 SHA-256 of its file
 * @param parameters number of its parameters
 * @param classNames the classes
 * @param betterNames careful names for the classes, in the same order
 * @param trainImages photographs that samples are drawn from
 * @param testImages photographs tested on
 * @param drawingImages drawings and emoji tested on
 * @param scores accuracy of every classifier on every dataset
 * @param seconds duration of everything
 * @param precision of the images' encoding, such as {@code float32}
 * @param machine processor and threads
 */
public record DemoResult(
        String model,
        String modelSha256,
        long parameters,
        List<String> classNames,
        List<String> betterNames,
        int trainImages,
        int testImages,
        int drawingImages,
        Scores scores,
        double seconds,
        String precision,
        String machine) {

    /** The dataset that is learned from. */
    public static final String PHOTOGRAPHS = "photographs";

    /** The same photographs, their classes under careful names. */
    public static final String CAREFUL = "careful names";

    /** Drawings and emoji of the same classes. */
    public static final String DRAWINGS = "drawings";

    /** The same drawings, their classes under careful names. */
    public static final String CAREFUL_DRAWINGS = DRAWINGS + ", " + CAREFUL;

    /** The method whose gains and examples the demo shows: a context of its own for each class. */
    public static final String FEATURED = "class-specific";

    /** File of the numbers in the demo's folder. */
    public static final String FILE = "demo.json";

    /** Limit of the size of the numbers in bytes. */
    private static final long LARGEST = 32L << 20;

    /** Reads the numbers of a finished demo. */
    public static DemoResult read(Path folder) throws IOException {
        Path file = folder.resolve(FILE);
        return CheckedJson.read(file, file.toString(), DemoResult.class, LARGEST);
    }

    /**
     * A classifier's accuracy on a dataset.
     *
     * @param method its name in the demo's plan; or a hand-written prompt, with {@code {}} for the class name and no shots
     */
    public record Score(String dataset, String method, int shots, long seed, double accuracy) {}

    /** Accuracies of all classifiers. */
    public record Scores(List<Score> all) {

        /** Returns accuracy of a method over the seeds. */
        public SeedSummary accuracy(String dataset, String method, int shots) {
            return SeedSummary.of(
                    all.stream()
                            .filter(one -> one.dataset.equals(dataset))
                            .filter(one -> one.method.equals(method) && one.shots == shots)
                            .toList(),
                    Score::accuracy);
        }

        /** Returns accuracy of a hand-written prompt. */
        public double accuracy(String dataset, String prompt) {
            return accuracy(dataset, prompt, 0).mean();
        }

        /** Returns accuracy of a method with most shots over the seeds. */
        public SeedSummary learned(String dataset, String method) {
            return accuracy(dataset, method, mostShots());
        }

        /** Returns the hand-written prompts. */
        public List<String> prompts() {
            return all.stream()
                    .filter(one -> one.shots == 0)
                    .map(Score::method)
                    .distinct()
                    .toList();
        }

        /** Returns the methods that learned, in the order of the plan. */
        public List<String> methods() {
            return all.stream()
                    .filter(one -> one.shots > 0)
                    .map(Score::method)
                    .distinct()
                    .toList();
        }

        /** Returns the hand-written prompt that is best on a dataset. */
        public String best(String dataset) {
            return Collections.max(prompts(), comparingDouble(prompt -> accuracy(dataset, prompt)));
        }

        /** Returns accuracy of the best hand-written prompt. */
        public double ofBest(String dataset) {
            return accuracy(dataset, best(dataset));
        }

        /** Returns the most shots. */
        public int mostShots() {
            return all.stream().mapToInt(Score::shots).max().orElseThrow();
        }
    }

    /** Returns the accuracy of the featured method, its gains over others, and that on another domain. */
    public List<Fact> facts() {
        SeedSummary learned = scores.learned(PHOTOGRAPHS, FEATURED);
        double own = learned.mean();
        String probe = scores.methods().get(scores.methods().size() - 1);
        return List.of(
                new Fact(
                        learned.meanSd(1) + " %",
                        "prompts learned from " + scores.mostShots() + " photographs per class"),
                Fact.gain(
                        own,
                        "the best hand-written prompt, \"%s\"".formatted(scores.best(PHOTOGRAPHS)),
                        scores.ofBest(PHOTOGRAPHS)),
                Fact.gain(own, "the best with careful names", scores.ofBest(CAREFUL)),
                Fact.gain(
                        own,
                        probe.replace('-', ' '),
                        scores.learned(PHOTOGRAPHS, probe).mean()),
                new Fact(
                        scores.learned(DRAWINGS, FEATURED).meanSd(1) + " %",
                        "on %d drawings, another domain (%s); the best hand-written prompt there has %s"
                                .formatted(drawingImages, others(), percent(scores.ofBest(CAREFUL_DRAWINGS)))));
    }

    private String others() {
        return scores.methods().stream()
                .filter(method -> !method.equals(FEATURED))
                .map(method ->
                        method + " " + percent(scores.learned(DRAWINGS, method).mean()))
                .collect(joining(", "));
    }
}
