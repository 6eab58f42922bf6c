package org.coop4j.demo;

import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import org.coop4j.eval.SeedSummary;
import org.coop4j.run.PictureResults.PictureResult;

/**
 * All numbers of the demo.
 *
 * @param model name of the model
 * @param modelSha256 SHA-256 of its file
 * @param parameters number of its parameters
 * @param classNames the classes
 * @param photographed the classes of which the model saw photographs in its pre-training
 * @param trainImages photographs that samples are drawn from
 * @param testImages photographs tested on
 * @param drawingImages drawings and emoji tested on
 * @param prompts hand-written prompts
 * @param betterNames careful names for the classes, in the same order
 * @param renamedPrompts the same prompts with the careful names
 * @param runs accuracy of everything that was learned
 * @param words nearest words of the vectors, nearest first, of the first seed's context of most shots
 * @param mended photographs that the best hand-written prompt gets wrong and the learned one right
 * @param spoilt photographs that it gets right and the learned one wrong
 * @param perClass test photographs of each class that are classified correctly, before and after
 * @param before prediction of the best hand-written prompt with careful names for each test photograph
 * @param after prediction of the featured context of most shots and the first seed
 * @param seconds duration of everything
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
     * @param file its path
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
     * @param before photographs that the best hand-written prompt gets right
     * @param after photographs that the learned prompt gets right, mean over the seeds
     */
    public record ClassGain(String name, int images, int before, double after) {}

    /** Returns the hand-written prompt that is best on the test photographs. */
    public Prompt bestPrompt() {
        return best(prompts);
    }

    /** Returns the best on the test photographs of the prompts with careful class names. */
    public Prompt bestRenamedPrompt() {
        return best(renamedPrompts);
    }

    /** Returns the prompt that is best on the test photographs. */
    public static Prompt best(List<Prompt> prompts) {
        return Collections.max(prompts, Comparator.comparingDouble(Prompt::photographs));
    }

    /** Returns the hand-written prompt that is best on the drawings, with careful class names. */
    public Prompt bestDrawingPrompt() {
        return Collections.max(renamedPrompts, Comparator.comparingDouble(Prompt::drawings));
    }

    /** Returns the numbers of shots, ascending. */
    public List<Integer> shots() {
        return runs.stream().map(Run::shots).distinct().sorted().toList();
    }

    /** Returns the most shots. */
    public int mostShots() {
        return Collections.max(shots());
    }

    /** Returns the accuracy of the featured method with most shots on the photographs over the seeds. */
    public SeedSummary learned() {
        return photographs(DemoMethod.FEATURED, mostShots());
    }

    /** Returns the accuracy of a method on the photographs over the seeds. */
    public SeedSummary photographs(DemoMethod method, int shots) {
        return SeedSummary.of(runs(method, shots), Run::photographs);
    }

    /** Returns the accuracy of a method with most shots on the drawings and emoji over the seeds. */
    public SeedSummary drawings(DemoMethod method) {
        return SeedSummary.of(runs(method, mostShots()), Run::drawings);
    }

    private List<Run> runs(DemoMethod method, int shots) {
        return runs.stream()
                .filter(run -> run.method.equals(method.id()) && run.shots == shots)
                .toList();
    }
}
