package org.coop4j.run;

import java.util.List;
import java.util.Map;
import org.coop4j.base.Require;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.eval.Evaluation;
import org.coop4j.eval.Scores;
import org.coop4j.method.Method;

/**
 * The results of a run on the test images; accuracies, errors and F1 are percentages.
 *
 * @param method name such as {@code coop} or {@code zero-shot}, or a sweep's own name
 * @param methodTitle the method's name in tables: "CoOp (M = 16)", or the sweep's own name for it
 * @param dataset name of the data tested on
 * @param trainedOn name of the data learned from, the same unless a context is transferred
 * @param half the classes tested on
 * @param shots training images per class; 0 for all or none
 * @param seed the run's seed
 * @param precision id of the precision of the products that encoded images and trained prompts; null if a file of an
 *     earlier version does not say
 * @param classes number of classes
 * @param trainImages number of training images
 * @param testImages number of test images
 * @param accuracy percentage of test images classified correctly
 * @param errorRate 100 - accuracy
 * @param macroF1 mean F1 over the classes that have test images
 * @param calibrationError expected calibration error over 15 bins, 0 to 1
 * @param handWritten hand-written prompts on the same images
 * @param perClass results of each class
 * @param warnings of the run about its data and its training
 * @param seconds duration of each part of the run
 */
public record RunResult(
        String method,
        String methodTitle,
        String dataset,
        String trainedOn,
        ClassHalf half,
        int shots,
        long seed,
        String precision,
        int classes,
        int trainImages,
        int testImages,
        double accuracy,
        double errorRate,
        double macroF1,
        double calibrationError,
        List<HandWritten> handWritten,
        List<PerClass> perClass,
        List<String> warnings,
        Map<String, Double> seconds) {

    /**
     * Checks the values, which may come from a file.
     *
     * @throws IllegalArgumentException if one is missing or impossible
     */
    public RunResult {
        Require.name("method", method);
        Require.name("dataset", dataset);
        Require.between("shots", shots, 0, Integer.MAX_VALUE - 1);
        Require.between("classes", classes, 1, Integer.MAX_VALUE);
        Require.between("testImages", testImages, 1, Integer.MAX_VALUE);
        Require.between("accuracy", accuracy, 0, 100);
        Require.between("macroF1", macroF1, 0, 100);
        Require.between("calibrationError", calibrationError, 0, 1);
        Require.that(
                handWritten != null && perClass != null && seconds != null,
                "expected \"handWritten\", \"perClass\" and \"seconds\"");
        warnings = warnings == null ? List.of() : List.copyOf(warnings);
    }

    /**
     * Returns the result that follows from scores of test images.
     *
     * @param label name of the method in the result
     * @param trainImages number of training images
     * @param classNames names of the tested classes
     * @param scores of the test images
     * @param handWritten hand-written prompts on the same images
     * @param warnings of the run
     * @param seconds duration of each part of the run
     */
    public static RunResult of(
            String label,
            RunConfig config,
            int trainImages,
            List<String> classNames,
            Scores scores,
            List<HandWritten> handWritten,
            List<String> warnings,
            Map<String, Double> seconds) {
        Evaluation evaluation = scores.evaluation();
        return new RunResult(
                label,
                titled(label, config.method()),
                config.testedOn().name(),
                config.data().name(),
                config.testedOn().classes(),
                config.sample().shots(),
                config.sample().seed(),
                config.precision().id(),
                classNames.size(),
                trainImages,
                scores.size(),
                evaluation.accuracy(),
                evaluation.errorRate(),
                evaluation.macroF1(),
                scores.calibrationError(),
                handWritten,
                evaluation.classes().stream()
                        .map(c -> new PerClass(classNames.get(c.label()), c.total(), c.correct()))
                        .toList(),
                warnings,
                seconds);
    }

    /** Returns the method's title, which has its settings, unless a plan gave it a name of its own. */
    private static String titled(String label, Method method) {
        boolean named = label.equals(method.id())
                || method.defaults().shorthand(label).filter(method::equals).isPresent();
        return named ? method.title() : label;
    }

    /** Returns the duration of all parts of the run. */
    public double totalSeconds() {
        return seconds.values().stream().mapToDouble(Double::doubleValue).sum();
    }

    /**
     * A hand-written prompt's accuracy.
     *
     * @param prompt the template, or a description of the ensemble
     */
    public record HandWritten(String prompt, double accuracy) {
        public HandWritten {
            Require.name("prompt", prompt);
            Require.between("accuracy", accuracy, 0, 100);
        }
    }

    /**
     * The result of a class.
     *
     * @param total number of test images
     * @param correct number of test images classified correctly
     */
    public record PerClass(String name, int total, int correct) {
        public PerClass {
            Require.between("total", total, 1, Integer.MAX_VALUE);
            Require.between("correct", correct, 0, total);
        }

        /** Returns the percentage of test images classified correctly. */
        public double accuracy() {
            return 100.0 * correct / total;
        }
    }
}
