package org.coop4j.run;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.coop4j.base.Progress;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.LabelledImage;
import org.coop4j.run.RunConfig.RunData;

/**
 * The images of a run with their features, as the model's test transform shows them.
 *
 * @param classNames the classes, by label
 * @param train images that it learned from
 * @param val images that it may choose by; empty where there are none
 * @param test images that it was tested on; empty where nothing may be seen of them
 */
public record RunFeatures(
        List<String> classNames, LabelledFeatures train, LabelledFeatures val, LabelledFeatures test) {

    /**
     * The images of a run that is tested on the data that it learned from. Most of their features are in the bank
     * already.
     *
     * @param sample of the training images
     * @param progress shows the work on the rest
     */
    static RunFeatures of(SharedData shared, RunConfig config, Sample sample, Progress progress) throws IOException {
        RunFeatures known = withoutTest(shared, config, sample, progress);
        LabelledFeatures test = shared.evaluator(config, progress).images();
        return new RunFeatures(known.classNames, known.train, known.val, test);
    }

    /** The images of a run without its test images, which may choose nothing. */
    public static RunFeatures withoutTest(SharedData shared, RunConfig config, Sample sample, Progress progress)
            throws IOException {
        RunData data = config.data();
        ImageDataset whole = shared.dataset(data.source(), config.sample().seed());
        ImageDataset drawn = whole.train().isEmpty()
                ? whole.half(data.classes()) // test images alone
                : sample.draw(whole, config.method(), data.classes(), note -> {});
        List<LabelledImage> val = whole.validatesOnTest() ? List.of() : drawn.val();
        return new RunFeatures(
                drawn.classNames(),
                shared.features(drawn.train(), "training images", progress),
                shared.features(val, "val images", progress),
                shared.features(List.of(), "no images", progress));
    }

    /** All images with the part of the data that each is in: training, val, test. */
    List<Located> located() {
        List<Located> all = new ArrayList<>();
        add(all, train, "training");
        add(all, val, "val");
        add(all, test, "test");
        return all;
    }

    private static void add(List<Located> all, LabelledFeatures images, String part) {
        for (int i = 0; i < images.size(); i++) {
            LabelledImage image = images.images().get(i).image();
            all.add(new Located(
                    image,
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
