package org.coop4j.serve;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.coop4j.method.ClassifierFile;
import org.coop4j.run.RunResult;

/**
 * What is known of a served classifier: an entry of {@code GET /models}, where what is null is left
 * out.
 *
 * @param name what requests call it
 * @param method what made it, with the settings that tell it from others
 * @param model the CLIP's file
 * @param classNames the classes
 * @param test how it did in its run; null without one
 * @param threshold the page says "not sure" where no class is as probable, 0 to 1; null without one
 */
public record ClassifierInfo(
        String name, String method, String model, List<String> classNames, Test test, Double threshold) {

    /** The longest name of a classifier. */
    private static final String NAME = "[A-Za-z0-9][A-Za-z0-9._-]{0,63}";

    public ClassifierInfo {
        if (!isName(name)) {
            throw new IllegalArgumentException(
                    "expected a name of 1 to 64 letters, digits, '.', '_' and '-', got \"" + name + '"');
        }
        if (threshold != null && !(threshold >= 0 && threshold <= 1)) {
            throw new IllegalArgumentException("threshold: expected 0 to 1, got " + threshold);
        }
        classNames = List.copyOf(classNames);
    }

    /**
     * What a run measured on its test images.
     *
     * @param dataset name of the data
     * @param shots training images a class; 0 for all or none
     * @param images number of test images
     * @param accuracy percentage of them that were classified rightly
     */
    public record Test(String dataset, int shots, int images, double accuracy) {

        private static Test of(RunResult result) {
            return new Test(result.dataset(), result.shots(), result.testImages(), result.accuracy());
        }
    }

    /** Whether a classifier may be called so, in a path. */
    public static boolean isName(String name) {
        return name.matches(NAME);
    }

    /**
     * What is known of a classifier.
     *
     * @param model the CLIP's file
     * @param result of the run that learned it, if there is one
     */
    public static ClassifierInfo of(String name, ClassifierFile file, Path model, Optional<RunResult> result) {
        return new ClassifierInfo(
                name,
                file.method().title(),
                String.valueOf(model.getFileName()),
                file.classNames(),
                result.map(Test::of).orElse(null),
                null);
    }

    /** With a threshold. */
    public ClassifierInfo withThreshold(double least) {
        return new ClassifierInfo(name, method, model, classNames, test, least);
    }
}
