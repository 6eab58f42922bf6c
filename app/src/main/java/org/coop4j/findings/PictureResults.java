package org.coop4j.findings;

import static java.util.Comparator.comparingDouble;
import static java.util.Comparator.comparingInt;
import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toList;

import com.fasterxml.jackson.annotation.JsonIgnore;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.stream.IntStream;
import org.coop4j.data.LabelledImage;
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
        List<LabelledImage> listed = images.images();
        int[] predicted = scores.predictions();
        double[] confidences = scores.confidences();
        double[] own = scores.ownProbabilities();
        return new PictureResults(IntStream.range(0, predicted.length)
                .mapToObj(i -> new PictureResult(
                        listed.get(i).path(), listed.get(i).label(), predicted[i], confidences[i], own[i]))
                .toList());
    }

    /** Returns the misclassified images, the most confident first. */
    public List<PictureResult> wrong() {
        return all.stream()
                .filter(r -> !r.isRight())
                .sorted(comparingDouble(result -> -result.probability))
                .toList();
    }

    /** Returns all images, the least certain first. */
    public List<PictureResult> leastCertain() {
        return all.stream().sorted(comparingDouble(PictureResult::probability)).toList();
    }

    /**
     * Returns the misclassified images by pairs of true and predicted class, the pairs with the most images first and the
     * most confident image of each pair first.
     */
    public List<List<PictureResult>> confused() {
        return wrong().stream()
                .collect(groupingBy(result -> List.of(result.truth, result.label), LinkedHashMap::new, toList()))
                .values()
                .stream()
                .sorted(comparingInt(pair -> -pair.size()))
                .toList();
    }

    /**
     * Returns the images that only one of two classifiers gets right, the most confident first.
     *
     * @param fixed true for the images that this one gets right, false for the other classifier's
     */
    public List<Changed> changed(PictureResults before, boolean fixed) {
        return IntStream.range(0, all.size())
                .mapToObj(i -> new Changed(before.all.get(i), all.get(i)))
                .filter(one -> one.after.isRight() == fixed && one.before.isRight() != fixed)
                .sorted(comparingDouble(one -> -one.after.probability))
                .toList();
    }
}
