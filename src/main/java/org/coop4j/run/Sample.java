package org.coop4j.run;

import java.util.function.Consumer;
import org.coop4j.base.InputException;
import org.coop4j.base.Require;
import org.coop4j.data.FewShotSampler;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.method.Method;

/**
 * The images that a run learns from, and what it chooses by them.
 *
 * @param shots training images per class; 0 for all
 * @param seed seed of every random draw of the run
 * @param views random crops of each training image that are encoded, used in turn; 0 for the one centre crop of the test
 *     transform
 * @param negatives images of sets of labels that show none of the classes
 * @param thresholds of sets of labels
 * @param val role of the val images
 */
public record Sample(int shots, long seed, int views, Negatives negatives, Thresholds thresholds, Val val) {

    /** Use of images that show none of the classes. */
    public enum Negatives {
        /** They are not learned from. */
        UNUSED,
        /** As many are drawn as show a class on average. */
        DRAWN
    }

    /** Thresholds of the scores of several labels. */
    enum Thresholds {
        /** One for all classes. */
        SHARED,
        /** One for each class with many positives. */
        OWN
    }

    /** Role of the val images, besides the choice of a method's own settings. */
    public enum Val {
        /** They calibrate the probabilities. */
        CALIBRATES,
        /** The method was chosen by them, so that they calibrate nothing. */
        CHOSE
    }

    /** The sample of a method that learns nothing. */
    public static final Sample NONE = of(0, 0);

    public Sample {
        Require.that(shots >= 0, "shots: expected 1 or more, or 0 for all images, got %s", shots);
        Require.that(views >= 0, "views: expected 0 or more, got %s", views);
    }

    /** A sample of images as the test transform shows them. */
    public static Sample of(int shots, long seed) {
        return new Sample(shots, seed, 0, Negatives.UNUSED, Thresholds.SHARED, Val.CALIBRATES);
    }

    /** Returns the sample of another size or seed, without views. */
    Sample with(int otherShots, long otherSeed) {
        return new Sample(otherShots, otherSeed, 0, negatives, thresholds, val);
    }

    /** Returns the sample with random crops of each image. */
    public Sample withViews(int crops) {
        return new Sample(shots, seed, crops, negatives, thresholds, val);
    }

    /** Returns the sample of a method that was chosen by the val images. */
    Sample chosenByVal() {
        return new Sample(shots, seed, views, negatives, thresholds, Val.CHOSE);
    }

    /**
     * Draws the images and classes that a method learns from. Few-shot sampling precedes the halving of the classes, as
     * in the reference, so that both halves come from one sample.
     *
     * @param notes receives a sentence about classes that have too few images
     * @throws InputException if there is nothing to learn from
     */
    ImageDataset draw(ImageDataset whole, Method method, ClassHalf classes, Consumer<String> notes)
            throws InputException {
        InputException.require(
                !whole.train().isEmpty() || !method.learns(),
                "%s has only test images: learn from another dataset",
                whole.name());
        InputException.require(
                whole.hasSets() || (negatives == Negatives.UNUSED && thresholds == Thresholds.SHARED),
                "%s has single labels: pictures without labels and thresholds of classes are for sets of labels",
                whole.name());
        if (shots == 0 || whole.train().isEmpty()) {
            return whole.half(classes);
        }
        ImageDataset drawn = negatives == Negatives.DRAWN
                ? new FewShotSampler(shots, seed, true).sample(whole)
                : method.sample(whole, shots, seed);
        drawn.scarcity(shots).ifPresent(notes);
        return drawn.half(classes);
    }
}
