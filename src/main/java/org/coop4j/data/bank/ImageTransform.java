package org.coop4j.data.bank;

import java.util.Locale;
import org.coop4j.data.RandomStream;
import org.coop4j.image.Preprocessing;
import org.coop4j.image.RgbImage;
import org.coop4j.image.TrainTransform;

/** A transform from an image to the pixels of a view. */
public sealed interface ImageTransform {

    /**
     * Returns a name that identifies the transform, except for the view and the model's preprocessing constants, which
     * are kept with its weights.
     */
    String id();

    /** Returns the number of views. */
    int views();

    /** Returns the model's preprocessing, which normalises the pixels. */
    Preprocessing preprocessing();

    /**
     * Returns the pixels of a view, of the model's size.
     *
     * @param contentHash hash of the image's content, on which its random draws depend
     * @param view number of the view, from 0
     * @throws IllegalArgumentException if the image is too long and narrow
     */
    RgbImage apply(RgbImage image, String contentHash, int view);

    /**
     * Resize and centre crop: one view.
     */
    record Test(Preprocessing preprocessing) implements ImageTransform {

        @Override
        public String id() {
            return "test-" + preprocessing.size();
        }

        @Override
        public int views() {
            return 1;
        }

        @Override
        public RgbImage apply(RgbImage image, String contentHash, int view) {
            return preprocessing.fitted(image);
        }
    }

    /**
     * Random resized crop and flip, as in the reference's training: each view is drawn anew.
     *
     * @param views number of views; the number of epochs is the reference's protocol
     * @param seed the run's seed
     */
    record Train(Preprocessing preprocessing, int views, long seed) implements ImageTransform {

        public Train {
            if (views < 1) {
                throw new IllegalArgumentException(views + " views: expected 1 or more");
            }
        }

        @Override
        public String id() {
            return String.format(Locale.ROOT, "train-%d-seed%d", preprocessing.size(), seed);
        }

        @Override
        public RgbImage apply(RgbImage image, String contentHash, int view) {
            TrainTransform transform = new TrainTransform(preprocessing);
            TrainTransform.View drawn = transform.draw(
                    image.width(), image.height(), RandomStream.of(seed, "view " + view + " of " + contentHash));
            return transform.apply(image, drawn);
        }
    }
}
