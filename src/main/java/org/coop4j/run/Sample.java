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
 * @param unlabelled true to draw pictures that show none of the classes, too: as many as show a class on average
 * @param ownThresholds true for a threshold of its own of each class with many positives
 */
public record Sample(int shots, long seed, int views, boolean unlabelled, boolean ownThresholds) {

    /** The sample of a method that learns nothing. */
    public static final Sample NONE = new Sample(0, 0);

    public Sample {
        Require.that(shots >= 0, "shots: expected 1 or more, or 0 for all images, got %s", shots);
        Require.that(views >= 0, "views: expected 0 or more, got %s", views);
    }

    /** A sample of images that show a class. */
    public Sample(int shots, long seed, int views) {
        this(shots, seed, views, false, false);
    }

    /** A sample of images as the test transform shows them. */
    public Sample(int shots, long seed) {
        this(shots, seed, 0);
    }

    /** Returns a sample of another size, without views. */
    Sample of(int others) {
        return new Sample(others, seed, 0, unlabelled, ownThresholds);
    }

    /**
     * Draws the images and classes that a method learns from. Few-shot sampling precedes the halving of the classes, as
     * in the reference, so that both halves come from one sample.
     *
     * @param notes receives a sentence about classes that have too few images
     * @throws InputException if there is nothing to learn from
     */
    public ImageDataset draw(ImageDataset whole, Method method, ClassHalf classes, Consumer<String> notes)
            throws InputException {
        InputException.require(
                !whole.train().isEmpty() || !method.learns(),
                "%s has only test images: learn from another dataset",
                whole.name());
        InputException.require(
                whole.hasSets() || !(unlabelled || ownThresholds),
                "%s has single labels: pictures without labels and thresholds of classes are for sets of labels",
                whole.name());
        if (shots == 0 || whole.train().isEmpty()) {
            return whole.half(classes);
        }
        ImageDataset drawn =
                unlabelled ? new FewShotSampler(shots, seed, true).sample(whole) : method.sample(whole, shots, seed);
        drawn.scarcity(shots).ifPresent(notes);
        return drawn.half(classes);
    }
}
