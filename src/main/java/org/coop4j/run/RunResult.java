package org.coop4j.run;

import java.util.List;
import java.util.Map;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.eval.Evaluation;
import org.coop4j.method.Method;

/**
 * What a run measured on the test images; accuracies, errors and F1 are percentages.
 *
 * @param method such as {@code coop} or {@code zero-shot}; a sweep gives its own names
 * @param methodTitle the method as tables show it: "CoOp (M = 16)", or the sweep's own name for it
 * @param dataset name of the data tested on
 * @param trainedOn name of the data learned from, the same unless a context is transferred
 * @param half the classes tested on
 * @param shots training images a class; 0 for all or none
 * @param seed the run's seed
 * @param classes number of classes
 * @param trainImages images trained on
 * @param testImages images tested on
 * @param accuracy share of test images classified rightly
 * @param errorRate 100 - accuracy
 * @param macroF1 mean F1 over the classes that have test images
 * @param calibrationError expected calibration error over 15 bins, 0 to 1
 * @param handWritten hand-written prompts on the same images
 * @param perClass results of each class
 * @param seconds how long the parts of the run took
 */
public record RunResult(
        String method,
        String methodTitle,
        String dataset,
        String trainedOn,
        ClassHalf half,
        int shots,
        long seed,
        int classes,
        int trainImages,
        int testImages,
        double accuracy,
        double errorRate,
        double macroF1,
        double calibrationError,
        List<HandWritten> handWritten,
        List<PerClass> perClass,
        Map<String, Double> seconds) {

    /**
     * The result that scores of test images make.
     *
     * @param label what the result calls the method
     * @param trainImages images that it learned from
     * @param tested the images
     * @param seconds how long the parts of the run took
     */
    public static RunResult of(
            String label,
            RunConfig config,
            int trainImages,
            Evaluator tested,
            Scores scores,
            Map<String, Double> seconds) {
        Evaluation evaluation = scores.evaluation();
        List<String> classNames = tested.dataset().classNames();
        return new RunResult(
                label,
                titled(label, config.method()),
                config.testedOn().name(),
                config.data().name(),
                config.testedOn().classes(),
                config.sample().shots(),
                config.sample().seed(),
                classNames.size(),
                trainImages,
                scores.size(),
                evaluation.accuracy(),
                evaluation.errorRate(),
                evaluation.macroF1(),
                scores.calibrationError(),
                tested.handWritten(),
                evaluation.classes().stream()
                        .map(c -> new PerClass(classNames.get(c.label()), c.total(), c.correct()))
                        .toList(),
                seconds);
    }

    /** A method's own title has its settings; a name that a plan gave says what its author means. */
    private static String titled(String label, Method method) {
        boolean named = label.equals(method.id())
                || method.defaults().shorthand(label).filter(method::equals).isPresent();
        return named ? method.title() : label;
    }

    /**
     * A hand-written prompt's accuracy.
     *
     * @param prompt the template, or what the ensemble is
     */
    public record HandWritten(String prompt, double accuracy) {}

    /**
     * A class's result.
     *
     * @param name the class
     * @param total test images
     * @param correct how many of them were classified rightly
     */
    public record PerClass(String name, int total, int correct) {}
}
