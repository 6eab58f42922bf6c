package org.coop4j.findings;

import java.util.List;
import java.util.function.ToDoubleFunction;
import org.coop4j.eval.Scores;
import org.coop4j.run.Confidence;

/**
 * Classifiers compared on the same images.
 *
 * @param classNames the classes, by label
 * @param classifiers hand-written prompts, the linear probe and the learned methods
 */
public record Comparison(List<String> classNames, List<ComparedClassifier> classifiers) {

    /** Role of a classifier in a comparison. */
    public enum Role {
        /** The hand-written prompt that is best on training and val images. */
        PROMPT,
        /** One of the user's own hand-written prompts. */
        OWN_PROMPT,
        /** Logistic regression on the same images. */
        PROBE,
        /** A learned method. */
        METHOD,
        /** The hand-written prompt that is best on the test images, which cannot be known beforehand. */
        HINDSIGHT
    }

    /**
     * A classifier with its scores.
     *
     * @param name its name in tables
     * @param train scores of the training images
     * @param val scores of the val images, if there are any
     * @param test scores of the test images
     * @param confidence calibration of its probabilities
     * @param seconds duration of the learning
     */
    public record ComparedClassifier(
            String name, Role role, Scores train, Scores val, Scores test, Confidence confidence, double seconds) {

        /** Returns a learned classifier with scores of the test images alone. */
        public static ComparedClassifier tested(String name, Scores test, Confidence confidence) {
            return new ComparedClassifier(name, Role.METHOD, Scores.NONE, Scores.NONE, test, confidence, Double.NaN);
        }

        ComparedClassifier as(Role other) {
            return new ComparedClassifier(name, other, train, val, test, confidence, seconds);
        }

        /** Returns the accuracy on the test images, in percent. */
        public double accuracy() {
            return test.accuracy();
        }

        /** Returns the test scores with calibrated probabilities. */
        public Scores calibrated() {
            return test.at(confidence.temperature());
        }
    }

    private List<ComparedClassifier> of(Role... roles) {
        return classifiers.stream().filter(c -> List.of(roles).contains(c.role)).toList();
    }

    /** Returns the learned methods. */
    public List<ComparedClassifier> methods() {
        return of(Role.METHOD);
    }

    /** Returns the method of this name. */
    public ComparedClassifier method(String name) {
        return methods().stream().filter(c -> c.name.equals(name)).findFirst().orElseThrow();
    }

    /** Returns the baseline that is most accurate on the test images, the first of equals. */
    public ComparedClassifier bestBaseline() {
        return best(of(Role.PROMPT, Role.OWN_PROMPT, Role.PROBE), ComparedClassifier::accuracy);
    }

    /** Returns the hand-written prompt that can be chosen without the test images. */
    public ComparedClassifier prompt() {
        return of(Role.PROMPT).get(0);
    }

    /** Returns the element with the largest measure, the first of equals. */
    static <T> T best(List<T> all, ToDoubleFunction<T> measure) {
        return all.stream()
                .reduce((a, b) -> measure.applyAsDouble(b) > measure.applyAsDouble(a) ? b : a)
                .orElseThrow();
    }

    /** Tests a method against a baseline on the test images. */
    public static McNemar test(ComparedClassifier method, ComparedClassifier baseline) {
        return McNemar.of(method.test.correct(), baseline.test.correct());
    }
}
