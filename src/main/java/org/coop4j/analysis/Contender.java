package org.coop4j.analysis;

import org.coop4j.run.Confidence;
import org.coop4j.run.Scores;

/**
 * A classifier of a comparison with its scores.
 *
 * @param name for tables
 * @param kind what it is
 * @param train scores on the training images
 * @param val scores on the val images; of no images where there are none
 * @param test scores on the test images
 * @param confidence of its probabilities
 * @param seconds that it took to learn
 */
public record Contender(
        String name,
        Kind kind,
        Scores train,
        Scores val,
        Scores test,
        Confidence confidence,
        double seconds) {

    /** What a contender is. */
    public enum Kind {
        /** The hand-written prompt that is best on training and val images. */
        PROMPT,
        /** A hand-written prompt that the user gave. */
        OWN_PROMPT,
        /** Logistic regression on the same images. */
        PROBE,
        /** The method that the user asked for. */
        METHOD,
        /** The hand-written prompt that is best on the test images, which nobody can know. */
        HINDSIGHT;

        /** Whether it is what one could have used in place of the method. */
        public boolean isBaseline() {
            return this == PROMPT || this == OWN_PROMPT || this == PROBE;
        }
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
