package org.coop4j.demo;

import com.fasterxml.jackson.annotation.JsonIgnore;
import java.util.Comparator;
import java.util.List;
import org.coop4j.analysis.PictureResults.PictureResult;
import org.coop4j.eval.SeedSummary;

/**
 * All that the demo measured.
 *
 * @param model name of the model
 * @param modelSha256 SHA-256 of its file
 * @param parameters numbers in it
 * @param classNames the classes
 * @param trainImages drawings that samples are drawn from
 * @param testImages drawings tested on
 * @param emojiImages emoji tested on
 * @param prompts hand-written prompts
 * @param betterNames better names for the classes, in the same order
 * @param renamedPrompts the same prompts with the better names
 * @param runs accuracy of each learned context and each linear probe
 * @param words nearest words of the vectors of the first seed's context of most shots
 * @param mended drawings that the best hand-written prompt gets wrong and the learned one right
 * @param perClass test drawings right of each class, before and after
 * @param before what the best hand-written prompt makes of each test drawing
 * @param after what the featured context of most shots and the first seed makes of it
 * @param seconds how long it all took
 * @param machine processor and threads
 */
public record DemoResult(
        String model,
        String modelSha256,
        long parameters,
        List<String> classNames,
        int trainImages,
        int testImages,
        int emojiImages,
        List<Prompt> prompts,
        List<String> betterNames,
        List<Prompt> renamedPrompts,
        List<Run> runs,
        List<Vector> words,
        List<Mended> mended,
        List<ClassGain> perClass,
        List<PictureResult> before,
        List<PictureResult> after,
        double seconds,
        String machine) {

    /** Completes what earlier versions did not write. */
    public DemoResult {
        before = before == null ? List.of() : before;
        after = after == null ? List.of() : after;
    }

    /** The linear probe among {@link Run#method()}, whose others are {@link DemoContext} ids. */
    public static final String PROBE = "linear-probe";

    /**
     * A hand-written prompt.
     *
     * @param template with {@code {}} for the class name
     * @param drawings accuracy on the test drawings
     * @param emoji accuracy on the emoji
     */
    public record Prompt(String template, double drawings, double emoji) {}

    /**
     * A learned classifier.
     *
     * @param method id of a {@link DemoContext}, or {@link #PROBE}
     * @param drawings accuracy on the test drawings
     * @param emoji accuracy on the emoji
     */
    public record Run(String method, int shots, long seed, double drawings, double emoji) {}

    /**
     * A context vector's nearest words.
     *
     * @param words nearest first
     */
    public record Vector(List<Word> words) {}

    /**
     * A word near a context vector.
     *
     * @param distance Euclidean
     */
    public record Word(String word, double distance) {}

    /**
     * A picture that changed from wrong to right.
     *
     * @param file where it lies
     * @param truth its class
     * @param before class by the best hand-written prompt
     * @param beforeProbability that class's probability then
     * @param afterProbability the true class's probability with the learned prompt, least of the
     *     seeds
     */
    public record Mended(
            String file,
            String truth,
            String before,
            double beforeProbability,
            double afterProbability) {}

    /**
     * A class before and after.
     *
     * @param images test drawings
     * @param before how many the best hand-written prompt gets right
     * @param after how many the learned prompt gets right, mean over the seeds
     */
    public record ClassGain(String name, int images, int before, double after) {}

    /** The hand-written prompt that is best on the test drawings. */
    @JsonIgnore
    public Prompt bestPrompt() {
        return best(prompts);
    }

    /** The best on the test drawings of the prompts with better class names. */
    @JsonIgnore
    public Prompt bestRenamedPrompt() {
        return best(renamedPrompts);
    }

    static Prompt best(List<Prompt> prompts) {
        return prompts.stream().max(Comparator.comparingDouble(Prompt::drawings)).orElseThrow();
    }

    /** The hand-written prompt that is best on the emoji. */
    @JsonIgnore
    public Prompt bestEmojiPrompt() {
        return prompts.stream().max(Comparator.comparingDouble(Prompt::emoji)).orElseThrow();
    }

    /** The numbers of shots, ascending. */
    @JsonIgnore
    public List<Integer> shots() {
        return runs.stream().map(Run::shots).distinct().sorted().toList();
    }

    /** The seeds, ascending. */
    @JsonIgnore
    public List<Long> seeds() {
        return runs.stream().map(Run::seed).distinct().sorted().toList();
    }

    /** The most shots. */
    @JsonIgnore
    public int mostShots() {
        return shots().stream().max(Comparator.naturalOrder()).orElseThrow();
    }

    /** A method's accuracy on the drawings over the seeds. */
    public SeedSummary drawings(String method, int shots) {
        return SeedSummary.of(runs(method, shots), Run::drawings);
    }

    /** A method's accuracy on the emoji over the seeds. */
    public SeedSummary emoji(String method, int shots) {
        return SeedSummary.of(runs(method, shots), Run::emoji);
    }

    private List<Run> runs(String method, int shots) {
        return runs.stream()
                .filter(run -> run.method.equals(method) && run.shots == shots)
                .toList();
    }
}
