package org.coop4j.data.bank;

import java.util.Locale;
import org.coop4j.data.RandomStream;
import org.coop4j.image.Preprocessing;
import org.coop4j.image.RgbImage;
import org.coop4j.image.TrainTransform;

/**
 * A transform from an image to the pixels of a view: resize and centre crop, or a random resized crop and flip as in the
 * reference's training, drawn anew for each view.
 *
 * @param preprocessing the model's, which normalises the pixels
 * @param crops number of random views, as many as epochs in the reference's protocol; 0 for the centre crop alone
 * @param seed the run's seed
 */
public record ImageTransform(Preprocessing preprocessing, int crops, long seed) {

    /** Returns the resize and centre crop of a model. */
    public static ImageTransform test(Preprocessing preprocessing) {
        return new ImageTransform(preprocessing, 0, 0);
    }

    /**
     * Returns a name that identifies the transform, except for the view and the model's preprocessing constants, which
     * are kept with its weights.
     */
    String id() {
        int size = preprocessing.size();
        return crops == 0 ? "test-" + size : String.format(Locale.ROOT, "train-%d-seed%d", size, seed);
    }

    /** Returns the number of views, 1 or more. */
    int views() {
        return Math.max(1, crops);
    }

    /**
     * Returns the pixels of a view, of the model's size.
     *
     * @param contentHash hash of the image's content, on which its random draws depend
     * @param view number of the view, from 0
     * @throws IllegalArgumentException if the image is too long and narrow
     */
    public RgbImage apply(RgbImage image, String contentHash, int view) {
        if (crops == 0) {
            return preprocessing.fitted(image);
        }
        TrainTransform transform = new TrainTransform(preprocessing);
        return transform.apply(
                image,
                transform.draw(
                        image.width(), image.height(), RandomStream.of(seed, "view " + view + " of " + contentHash)));
    }
}
