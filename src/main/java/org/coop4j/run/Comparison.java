package org.coop4j.run;

import java.util.List;
import org.coop4j.eval.McNemar;

/**
 * Classifiers compared on the same images.
 *
 * @param classNames the classes, by label
 * @param classifiers hand-written prompts, the linear probe and the learned methods
 */
public record Comparison(List<String> classNames, List<ComparedClassifier> classifiers) {

    public Comparison {
        classNames = List.copyOf(classNames);
        classifiers = List.copyOf(classifiers);
    }

    /** Role of a classifier in a comparison. */
    public enum Role {
        /** The hand-written prompt that is best on training and val images. */
        PROMPT,
        /** A hand-written prompt that the user gave. */
        OWN_PROMPT,
        /** Logistic regression on the same images. */
        PROBE,
        /** The method that the user asked for. */
        METHOD,
        /** The hand-written prompt that is best on the test images, which nobody can know. */
        HINDSIGHT
    }

    /**
     * A classifier with its scores.
     *
     * @param name for tables
     * @param train scores on the training images
     * @param val scores on the val images; of no images where there are none
     * @param test scores on the test images
     * @param confidence of its probabilities
     * @param seconds that it took to learn
     */
    public record ComparedClassifier(
            String name, Role role, Scores train, Scores val, Scores test, Confidence confidence, double seconds) {

        /** A learned classifier of which the test images alone are scored. */
        public static ComparedClassifier tested(String name, Scores test, Confidence confidence) {
            return new ComparedClassifier(name, Role.METHOD, Scores.NONE, Scores.NONE, test, confidence, Double.NaN);
        }

        ComparedClassifier as(Role other) {
            return new ComparedClassifier(name, other, train, val, test, confidence, seconds);
        }

        /** Accuracy on the test images, in percent. */
        public double accuracy() {
            return test.evaluation().accuracy();
        }

        /** The test scores with calibrated probabilities. */
        public Scores calibrated() {
            return test.at(confidence.temperature());
        }
    }

    /** The learned methods. */
    public List<ComparedClassifier> methods() {
        return classifiers.stream().filter(c -> c.role == Role.METHOD).toList();
    }

    /** The method of this name. */
    public ComparedClassifier method(String name) {
        return methods().stream().filter(c -> c.name.equals(name)).findFirst().orElseThrow();
    }

    /** The most accurate on the test images of what one could have used in place of a method; of equals the first. */
    public ComparedClassifier bestBaseline() {
        List<Role> baselines = List.of(Role.PROMPT, Role.OWN_PROMPT, Role.PROBE);
        return classifiers.stream()
                .filter(c -> baselines.contains(c.role))
                .reduce((a, b) -> b.accuracy() > a.accuracy() ? b : a)
                .orElseThrow();
    }

    /** The hand-written prompt that can be chosen without the test images. */
    public ComparedClassifier prompt() {
        return classifiers.stream()
                .filter(c -> c.role == Role.PROMPT)
                .findFirst()
                .orElseThrow();
    }

    /** McNemar's test of a method against a baseline on the test images. */
    public static McNemar test(ComparedClassifier method, ComparedClassifier baseline) {
        return McNemar.of(method.test.correct(), baseline.test.correct());
    }
}
