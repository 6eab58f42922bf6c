package org.coop4j.run;

import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.coop4j.base.InputException;
import org.coop4j.base.Numbers;
import org.coop4j.base.Require;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.data.LabelledImage;
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
                !whole.train().isEmpty(), "%s has only test images: learn from another dataset", whole.name());
        if (shots == 0) {
            return whole.half(classes);
        }
        ImageDataset drawn = method.sample(whole, shots, seed);
        Map<Integer, Long> tooFew = drawn.train().stream()
                .collect(Collectors.groupingBy(LabelledImage::label, TreeMap::new, Collectors.counting()));
        tooFew.values().removeIf(count -> count >= shots);
        tooFew.entrySet().stream()
                .min(Map.Entry.comparingByValue())
                .ifPresent(least -> notes.accept("%s fewer than %d training images (%s: %d); all are used"
                        .formatted(
                                Numbers.count(tooFew.size(), "class has", "classes have"),
                                shots,
                                drawn.classNames().get(least.getKey()),
                                least.getValue())));
        return drawn.half(classes);
    }
}
