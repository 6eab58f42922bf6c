package org.coop4j.report;

import com.fasterxml.jackson.annotation.JsonIgnore;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.eval.Predictions;
import org.coop4j.eval.Scores;
import org.coop4j.run.Images.Pictures;

/**
 * A classifier's predictions of some images.
 *
 * @param all one for each image, in their order
 */
public record PictureResults(List<PictureResult> all) {

    /**
     * The prediction of an image.
     *
     * @param truth its true label
     * @param label the predicted label
     * @param probability of the predicted label
     * @param truthProbability of its true label
     */
    public record PictureResult(Path file, int truth, int label, double probability, double truthProbability) {

        /** Returns true if the predicted label is the true one. */
        @JsonIgnore
        public boolean isRight() {
            return truth == label;
        }
    }

    /**
     * An image whose prediction changed.
     *
     * @param before by the baseline
     * @param after by the method
     */
    public record Changed(PictureResult before, PictureResult after) {}

    /** Returns the predictions that follow from the scores of some images. */
    public static PictureResults of(Pictures images, Scores scores) {
        List<PictureResult> all = new ArrayList<>();
        int[] labels = images.labels();
        for (int i = 0; i < labels.length; i++) {
            double[] p = scores.probabilities(i);
            int label = Predictions.argmax(scores.logits()[i]);
            all.add(new PictureResult(images.images().get(i).image().path(), labels[i], label, p[label], p[labels[i]]));
        }
        return new PictureResults(all);
    }

    /** Returns the misclassified images, the most confident first. */
    public List<PictureResult> wrong() {
        return all.stream()
                .filter(r -> !r.isRight())
                .sorted(Comparator.comparingDouble(PictureResult::probability).reversed())
                .toList();
    }

    /** Returns all images, the least certain first. */
    public List<PictureResult> leastCertain() {
        return all.stream()
                .sorted(Comparator.comparingDouble(PictureResult::probability))
                .toList();
    }

    /**
     * Returns the misclassified images by pairs of true and predicted class, the pairs with the most images first and the
     * most confident image of each pair first.
     */
    public List<List<PictureResult>> confused() {
        Map<List<Integer>, List<PictureResult>> pairs = new LinkedHashMap<>();
        for (PictureResult result : wrong()) {
            pairs.computeIfAbsent(List.of(result.truth, result.label), pair -> new ArrayList<>())
                    .add(result);
        }
        return pairs.values().stream()
                .sorted(Comparator.comparingInt((List<PictureResult> pair) -> pair.size())
                        .reversed())
                .toList();
    }

    /**
     * Returns the images that only one of two classifiers gets right, the most confident first.
     *
     * @param fixed true for those that this one gets right, false for those that the other one does
     */
    public List<Changed> changed(PictureResults before, boolean fixed) {
        List<Changed> changed = new ArrayList<>();
        for (int i = 0; i < all.size(); i++) {
            PictureResult then = before.all.get(i);
            PictureResult now = all.get(i);
            if (now.isRight() != then.isRight() && now.isRight() == fixed) {
                changed.add(new Changed(then, now));
            }
        }
        changed.sort(
                Comparator.comparingDouble((Changed c) -> c.after.probability).reversed());
        return changed;
    }
}
