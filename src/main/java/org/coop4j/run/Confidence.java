package org.coop4j.run;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.coop4j.base.Numbers;
import org.coop4j.eval.Coverage;
import org.coop4j.eval.Temperature;
import org.coop4j.method.ClassifierFile;

/**
 * What makes a classifier's logits probabilities that can be believed, chosen on images that it did
 * not learn from.
 *
 * @param temperature that calibrates it; 1 leaves its probabilities as they are
 * @param images on which it was fitted, such as "32 val images"; empty where there were none
 * @param threshold the least probability of answers of which {@value #WANTED_ACCURACY} % were right
 *     on these images, if there is one
 */
public record Confidence(double temperature, String images, OptionalDouble threshold) {

    /** The accuracy that answers should have where others are left to people, in percent. */
    public static final double WANTED_ACCURACY = 95;

    private static final String IMAGES = "calibrated_on";
    private static final String THRESHOLD = "threshold_95";
    private static final double THRESHOLDS = 1000;

    /** Of a classifier for which no image was left. */
    public static final Confidence NONE = new Confidence(Temperature.NONE, "", OptionalDouble.empty());

    /**
     * Chosen on images.
     *
     * @param heldOut scores of images that the classifier did not learn from
     * @param images what they are
     */
    public static Confidence of(Scores heldOut, String images) {
        if (heldOut.size() == 0) {
            return NONE;
        }
        double temperature = heldOut.temperature().orElse(Temperature.NONE);
        String which = heldOut.right() < heldOut.size() ? images : images + ", all classified correctly";
        Optional<Coverage.Point> point = heldOut.at(temperature).coverage().answering(WANTED_ACCURACY);
        return new Confidence(
                temperature,
                which,
                point.isEmpty()
                        ? OptionalDouble.empty()
                        // Rounded down, so that what is printed answers as many.
                        : OptionalDouble.of(Math.floor(THRESHOLDS * point.get().threshold()) / THRESHOLDS));
    }

    /** What the file of a classifier says. */
    public static Confidence of(ClassifierFile file) {
        String threshold = file.training().get(THRESHOLD);
        return new Confidence(
                file.temperature(),
                file.training().getOrDefault(IMAGES, ""),
                threshold == null || !threshold.matches("[01]\\.\\d{1,3}")
                        ? OptionalDouble.empty()
                        : OptionalDouble.of(Double.parseDouble(threshold)));
    }

    /** What the file of a classifier shall say. */
    Map<String, String> account() {
        Map<String, String> account = new LinkedHashMap<>();
        if (!images.isEmpty()) {
            account.put(IMAGES, images);
        }
        threshold.ifPresent(least -> account.put(THRESHOLD, String.format(Locale.ROOT, "%.3f", least)));
        return account;
    }

    /** How its probabilities were made. */
    public String sentence() {
        if (temperature != Temperature.NONE) {
            return "calibrated%s (temperature %s)"
                    .formatted(images.isEmpty() ? "" : " on " + images, Numbers.number(temperature, 2));
        }
        return "not calibrated: "
                + (images.isEmpty() ? "no images were held out" : "too few errors to calibrate on " + images);
    }
}
