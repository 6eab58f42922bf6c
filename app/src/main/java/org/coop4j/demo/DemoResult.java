package org.coop4j.demo;

import com.fasterxml.jackson.annotation.JsonIgnore;
import java.util.Comparator;
import java.util.List;
import org.coop4j.eval.SeedSummary;
import org.coop4j.run.PictureResults.PictureResult;

/**
 * All that the demo measured.
 *
 * @param model name of the model
 * @param modelSha256 SHA-256 of its file
 * @param parameters numbers in it
 * @param classNames the classes
 * @param photographed those of which the model saw photographs in its pre-training
 * @param trainImages photographs that samples are drawn from
 * @param testImages photographs tested on
 * @param drawingImages drawings and emoji tested on
 * @param prompts hand-written prompts
 * @param betterNames careful names for the classes, in the same order
 * @param renamedPrompts the same prompts with the careful names
 * @param runs accuracy of everything that was learned
 * @param words nearest words of the vectors, nearest first, of the first seed's context of most shots
 * @param mended photographs that the best hand-written prompt gets wrong and the learned ones right
 * @param spoilt those that it gets right and the learned ones wrong
 * @param perClass test photographs right of each class, before and after
 * @param before what the best hand-written prompt with careful names makes of each test photograph
 * @param after what the featured context of most shots and the first seed makes of it
 * @param seconds how long it all took
 * @param machine processor and threads
 */
public record DemoResult(
        String model,
        String modelSha256,
        long parameters,
        List<String> classNames,
        List<String> photographed,
        int trainImages,
        int testImages,
        int drawingImages,
        List<Prompt> prompts,
        List<String> betterNames,
        List<Prompt> renamedPrompts,
        List<Run> runs,
        List<List<Word>> words,
        List<Change> mended,
        List<Change> spoilt,
        List<ClassGain> perClass,
        List<PictureResult> before,
        List<PictureResult> after,
        double seconds,
        String machine) {

    /**
     * A hand-written prompt.
     *
     * @param template with {@code {}} for the class name
     * @param photographs accuracy on the test photographs
     * @param drawings accuracy on the drawings and emoji
     */
    public record Prompt(String template, double photographs, double drawings) {}

    /**
     * A learned classifier.
     *
     * @param method id of a {@link DemoMethod}
     * @param photographs accuracy on the test photographs
     * @param drawings accuracy on the drawings and emoji
     */
    public record Run(String method, int shots, long seed, double photographs, double drawings) {}

    /**
     * A word near a context vector.
     *
     * @param distance Euclidean
     */
    public record Word(String word, double distance) {}

    /**
     * A picture that changed from wrong to right, or from right to wrong.
     *
     * @param file where it lies
     * @param truth its class
     * @param before class by the best hand-written prompt
     * @param beforeProbability that class's probability then
     * @param after class by the learned prompt of the first seed
     * @param afterProbability that class's probability, least of the seeds
     */
    public record Change(
            String file,
            String truth,
            String before,
            double beforeProbability,
            String after,
            double afterProbability) {}

    /**
     * A class before and after.
     *
     * @param images test photographs
     * @param before how many the best hand-written prompt gets right
     * @param after how many the learned prompt gets right, mean over the seeds
     */
    public record ClassGain(String name, int images, int before, double after) {}

    /** The hand-written prompt that is best on the test photographs. */
    @JsonIgnore
    public Prompt bestPrompt() {
        return best(prompts);
    }

    /** The best on the test photographs of the prompts with careful class names. */
    @JsonIgnore
    public Prompt bestRenamedPrompt() {
        return best(renamedPrompts);
    }

    /** The prompt that is best on the test photographs. */
    public static Prompt best(List<Prompt> prompts) {
        return prompts.stream()
                .max(Comparator.comparingDouble(Prompt::photographs))
                .orElseThrow();
    }

    /** The hand-written prompt that is best on the drawings, with careful class names. */
    @JsonIgnore
    public Prompt bestDrawingPrompt() {
        return renamedPrompts.stream()
                .max(Comparator.comparingDouble(Prompt::drawings))
                .orElseThrow();
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

    /** A method's accuracy on the photographs over the seeds. */
    public SeedSummary photographs(DemoMethod method, int shots) {
        return SeedSummary.of(runs(method, shots), Run::photographs);
    }

    /** A method's accuracy on the drawings and emoji over the seeds. */
    public SeedSummary drawings(DemoMethod method, int shots) {
        return SeedSummary.of(runs(method, shots), Run::drawings);
    }

    private List<Run> runs(DemoMethod method, int shots) {
        return runs.stream()
                .filter(run -> run.method.equals(method.id()) && run.shots == shots)
                .toList();
    }
}
