package org.coop4j.run;

import java.util.List;
import java.util.Map;
import org.coop4j.data.ClassHalf;

/**
 * What a run measured on the test images; accuracies, errors and F1 are percentages.
 *
 * @param method such as {@code coop} or {@code zero-shot}; a sweep gives its own names
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

    /** Completes what earlier versions did not write. */
    public RunResult {
        trainedOn = trainedOn == null ? dataset : trainedOn;
        half = half == null ? ClassHalf.ALL : half;
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
