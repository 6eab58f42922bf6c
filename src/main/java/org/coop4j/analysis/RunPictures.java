package org.coop4j.analysis;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.coop4j.base.Progress;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.LabelledImage;
import org.coop4j.run.RunConfig;
import org.coop4j.run.RunData;
import org.coop4j.run.Sample;
import org.coop4j.run.SharedData;
import org.coop4j.run.TestImages;

/**
 * The images of a run with their features, as the model's test transform shows them.
 *
 * @param classNames the classes, by label
 * @param train images that it learned from
 * @param val images that it may choose by; empty where there are none
 * @param test images that it was tested on; empty where nothing may be seen of them
 */
public record RunPictures(
        List<String> classNames, TestImages train, TestImages val, TestImages test) {

    /**
     * The images of a run that is tested on the data that it learned from. Most of their features
     * are in the bank already.
     *
     * @param sample of the training images
     * @param progress shows the work on the rest
     */
    public static RunPictures of(
            SharedData shared, RunConfig config, Sample sample, Progress progress)
            throws IOException {
        RunPictures known = known(shared, config, sample, progress);
        return new RunPictures(
                known.classNames,
                known.train,
                known.val,
                shared.evaluator(config, progress).images());
    }

    /** The images of a run without its test images, which may choose nothing. */
    public static RunPictures known(
            SharedData shared, RunConfig config, Sample sample, Progress progress)
            throws IOException {
        RunData data = config.data();
        ImageDataset whole = shared.dataset(data.source(), config.sample().seed());
        ImageDataset drawn =
                whole.train().isEmpty()
                        ? whole.half(data.classes()) // test images alone
                        : sample.draw(whole, config.method(), data.classes(), note -> {});
        List<LabelledImage> val = whole.validatesOnTest() ? List.of() : drawn.val();
        return new RunPictures(
                drawn.classNames(),
                shared.features(drawn.train(), "training images", progress),
                shared.features(val, "val images", progress),
                shared.features(List.of(), "no images", progress));
    }

    /** All images with the part of the data that each is in: training, val, test. */
    public List<Located> located() {
        List<Located> all = new ArrayList<>();
        add(all, train, "training");
        add(all, val, "val");
        add(all, test, "test");
        return all;
    }

    private static void add(List<Located> all, TestImages images, String part) {
        for (int i = 0; i < images.size(); i++) {
            all.add(
                    new Located(
                            images.images().get(i).image(),
                            images.images().get(i).sha256(),
                            part,
                            images.features().row(i)));
        }
    }

    /**
     * An image and where it is.
     *
     * @param sha256 of its file's content
     * @param part training, val or test
     * @param features as the image tower gave them; not to be changed
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    public record Located(LabelledImage image, String sha256, String part, float[] features) {}
}
