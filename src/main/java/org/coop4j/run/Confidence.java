package org.coop4j.run;

import java.util.OptionalDouble;
import org.coop4j.base.Numbers;
import org.coop4j.eval.Calibration;
import org.coop4j.eval.LabelScores.Decision;
import org.coop4j.eval.Labels;
import org.coop4j.eval.Scores;
import org.coop4j.method.ClassifierFile;

/**
 * The calibration of a classifier's probabilities, chosen on images that it did not learn from.
 *
 * @param temperature divides the logits; 1 leaves them unchanged
 * @param images a phrase for the images that it was fitted on, such as "32 validation images"; empty if there were none
 * @param threshold the smallest probability above which {@value #WANTED_ACCURACY} % of the answers on these images were
 *     correct, if there is one
 * @param decision the way from logits to sets of labels; null for single labels
 */
public record Confidence(double temperature, String images, OptionalDouble threshold, Decision decision) {

    /** Accuracy that answers should have if people decide on the other images, in percent. */
    public static final double WANTED_ACCURACY = 95;

    private static final double THRESHOLDS = 1000;

    /** The confidence of a classifier for which no images were left to calibrate on. */
    public static final Confidence NONE = new Confidence(Calibration.NO_TEMPERATURE, "", OptionalDouble.empty(), null);

    /**
     * Chooses the confidence on images.
     *
     * @param heldOut scores of images that the classifier did not learn from
     * @param images a phrase for the images
     */
    public static Confidence of(Scores heldOut, String images) {
        return of(heldOut, images, false);
    }

    /** Chooses the confidence, with thresholds of classes with many positives if they are wanted. */
    static Confidence of(Scores heldOut, String images, boolean ownThresholds) {
        if (heldOut.size() == 0) {
            return NONE;
        }
        if (Labels.areSets(heldOut.truth())) {
            return new Confidence(
                    Calibration.NO_TEMPERATURE,
                    images,
                    OptionalDouble.empty(),
                    Decision.of(heldOut.sets(), ownThresholds ? Decision.ENOUGH : 0));
        }
        int fitted = heldOut.fitted();
        Scores some = heldOut.sample(fitted);
        double temperature = some.temperature();
        return new Confidence(
                temperature,
                fitted == heldOut.size() ? images : "%,d of %s".formatted(fitted, images),
                some.at(temperature)
                        .coverage()
                        .answering(WANTED_ACCURACY)
                        // Rounded down, so that the printed threshold answers as many.
                        .map(point -> OptionalDouble.of(Math.floor(THRESHOLDS * point.threshold()) / THRESHOLDS))
                        .orElse(OptionalDouble.empty()),
                null);
    }

    /** Reads the confidence that a classifier's file records. */
    public static Confidence of(ClassifierFile file) {
        return new Confidence(
                file.temperature(), file.origin().calibratedOn(), file.origin().threshold(), file.decision());
    }

    /** Returns a phrase that says how the probabilities were calibrated. */
    public String sentence() {
        if (decision != null && !images.isEmpty()) {
            return "calibrated on " + images + ", which also chose the "
                    + (decision.own().isEmpty() ? "threshold" : "thresholds");
        }
        if (temperature == Calibration.NO_TEMPERATURE) {
            return "not calibrated: "
                    + (images.isEmpty() ? "no images were left to calibrate on" : images + " show no need");
        }
        return "calibrated%s (temperature %s)"
                .formatted(images.isEmpty() ? "" : " on " + images, Numbers.number(temperature, 2));
    }
}
