package org.coop4j.demo;

import static java.util.Comparator.comparingDouble;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.console.SeedSummary;
import org.coop4j.findings.PictureResults;
import org.coop4j.findings.PictureResults.Changed;
import org.coop4j.findings.PictureResults.PictureResult;
import org.coop4j.report.NearestWords.Word;

/**
 * All numbers of the demo.
 *
 * @param model name of the model
 * @param modelSha256 SHA-256 of its file
 * @param parameters number of its parameters
 * @param classNames the classes
 * @param betterNames careful names for the classes, in the same order
 * @param trainImages photographs that samples are drawn from
 * @param drawingImages drawings and emoji tested on
 * @param scores accuracy of every classifier on every dataset
 * @param words nearest words of the vectors, nearest first, of the first seed's context of most shots
 * @param before prediction of the best hand-written prompt with careful names for each test photograph
 * @param after prediction of the featured context of most shots and the first seed
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
        int drawingImages,
        Scores scores,
        List<List<Word>> words,
        List<PictureResult> before,
        List<PictureResult> after,
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

    private static final int CHANGES = 3;

    /**
     * A classifier's accuracy on a dataset.
     *
     * @param method id of a {@link DemoMethod}; or a hand-written prompt, with {@code {}} for the class name and no shots
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
        public SeedSummary learned(String dataset, DemoMethod method) {
            return accuracy(dataset, method.id(), mostShots());
        }

        /** Returns the hand-written prompts. */
        public List<String> prompts() {
            return all.stream()
                    .filter(one -> one.shots == 0)
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

    /**
     * Returns some photographs that only one of the hand-written prompt and the learned one gets right, the most confident first,
     * no two of a class.
     *
     * @param corrected true for the images that the learned prompt gets right
     */
    public List<Changed> changed(boolean corrected) {
        Map<Integer, Changed> byClass = new LinkedHashMap<>();
        new PictureResults(after)
                .changed(new PictureResults(before), corrected)
                .forEach(change -> byClass.putIfAbsent(change.after().truth(), change));
        return byClass.values().stream().limit(CHANGES).toList();
    }
}
