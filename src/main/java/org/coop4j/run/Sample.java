package org.coop4j.run;

import java.util.function.Consumer;
import org.coop4j.base.InputException;
import org.coop4j.base.Require;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.method.Method;

/**
 * The images that a run learns from.
 *
 * @param shots training images per class; 0 for all
 * @param seed seed of every random draw of the run
 * @param views random crops of each training image that are encoded, used in turn; 0 for the one centre crop of the test
 *     transform
 */
public record Sample(int shots, long seed, int views) {

    /** The sample of a method that learns nothing. */
    public static final Sample NONE = new Sample(0, 0, 0);

    public Sample {
        Require.that(shots >= 0, "shots: expected 1 or more, or 0 for all images, got %s", shots);
        Require.that(views >= 0, "views: expected 0 or more, got %s", views);
    }

    /** A sample of images as the test transform shows them. */
    public Sample(int shots, long seed) {
        this(shots, seed, 0);
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
        if (shots == 0 || whole.train().isEmpty()) {
            return whole.half(classes);
        }
        ImageDataset drawn = method.sample(whole, shots, seed);
        drawn.scarcity(shots).ifPresent(notes);
        return drawn.half(classes);
    }
}
