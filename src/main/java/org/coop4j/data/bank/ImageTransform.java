package org.coop4j.data.bank;

import java.util.Locale;
import org.coop4j.data.RandomStream;
import org.coop4j.image.Preprocessing;
import org.coop4j.image.RgbImage;
import org.coop4j.image.TestTransform;
import org.coop4j.image.TrainTransform;

/** How a view of an image becomes pixels. */
public sealed interface ImageTransform {

    /**
     * A name that is different for all that changes a pixel, but for the model's preprocessing
     * constants, which its weights are kept with, and the view.
     */
    String id();

    /** Number of views that the transform has. */
    int views();

    /** The model's preprocessing, which normalises the pixels. */
    Preprocessing preprocessing();

    /**
     * The pixels of a view, of the model's size.
     *
     * @param contentHash what identifies the image, so that its random draws depend on nothing else
     * @param view which view, from 0
     * @throws IllegalArgumentException if the image is too long and narrow
     */
    RgbImage apply(RgbImage image, String contentHash, int view);

    /**
     * Resize and centre crop: one view.
     *
     * @param preprocessing the model's
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
            return new TestTransform(preprocessing).apply(image);
        }
    }

    /**
     * Random resized crop and flip, as the reference trains: each view a draw of its own.
     *
     * @param preprocessing the model's
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
            TrainTransform transform = TrainTransform.coop(preprocessing);
            TrainTransform.View drawn = transform.draw(
                    image.width(), image.height(), RandomStream.of(seed, "view " + view + " of " + contentHash));
            return transform.apply(image, drawn);
        }
    }
}
