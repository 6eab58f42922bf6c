package org.coop4j.run;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.coop4j.base.Progress;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.bank.FeatureBank;
import org.coop4j.method.CrossValidation;
import org.coop4j.method.Method;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.Method.Learner;
import org.coop4j.method.Method.Task;
import org.coop4j.method.train.Trainer;
import org.coop4j.method.train.Training;
import org.coop4j.run.RunConfig.RunData;

/**
 * The images of a run with their features, as the model's test transform shows them.
 *
 * @param space the model that made the features
 * @param task the task of the run
 * @param train images that it learned from
 * @param val images that it may choose settings by, if there are any
 * @param test images that it was tested on; empty if they must not be seen
 */
public record RunFeatures(
        FeatureSpace space, Task task, LabelledFeatures train, LabelledFeatures val, LabelledFeatures test) {

    /** Returns a learner of the task. */
    Learner learner(Method method) {
        return method.learner(space, task);
    }

    /** Returns the name of each label. */
    public List<String> classNames() {
        return task.classNames();
    }

    /**
     * Returns the images of a run that is tested on the data that it learned from. The bank has most of their features.
     *
     * @param sample sample of the training images
     */
    static RunFeatures of(Images shared, RunConfig config, Sample sample, Progress progress) throws IOException {
        RunFeatures known = withoutTest(shared, config, sample, progress);
        LabelledFeatures test = shared.evaluator(config, progress).images();
        return new RunFeatures(known.space, known.task, known.train, known.val, test);
    }

    /** Returns the images of a run without its test images, by which nothing may be chosen. */
    public static RunFeatures withoutTest(Images shared, RunConfig config, Sample sample, Progress progress)
            throws IOException {
        RunData data = config.data();
        ImageDataset whole = shared.dataset(data.source(), config.sample().seed());
        ImageDataset drawn = whole.train().isEmpty()
                ? whole.half(data.classes()) // only test images
                : sample.draw(whole, config.method(), data.classes(), note -> {});
        List<LabelledImage> val = whole.validatesOnTest() ? List.of() : drawn.val();
        FeatureBank.Lists lists = new FeatureBank.Lists();
        LabelledFeatures train = lists.encode(() -> shared.features(drawn.train(), "training images", progress));
        LabelledFeatures chooses = lists.encode(() -> shared.features(val, "val images", progress));
        lists.requireReadable();
        return new RunFeatures(
                shared.space(),
                data.source().task(drawn.classNames(), config.sample().seed()),
                train,
                chooses,
                LabelledFeatures.none(shared, "no images"));
    }

    /**
     * Returns the features that a method learns from, including the val images if it uses them.
     *
     * @param shots training images per class; 0 for all
     */
    FewShotFeatures fewShot(Method method, int shots, Progress progress) throws IOException {
        FeatureSet few = train.all(method.features(), progress).first(shots);
        FeatureSet chooses = method.usesVal() ? val.all(method.features(), progress) : FeatureSet.none(few.width());
        return new FewShotFeatures(few, chooses);
    }

    /** Scores the training images by cross-validation of a run's method, as a learner of it learns. */
    Scores crossValidated(RunConfig config, Learner learner, int folds) throws IOException {
        return crossValidated(fewShot(config.method(), 0, Progress.NONE), config.training(), learner, folds, 0);
    }

    /**
     * Scores the training images by cross-validation.
     *
     * @param data their features, and val images to choose settings on
     * @param shots images per class to learn from each time; 0 for all
     */
    Scores crossValidated(FewShotFeatures data, Training training, Learner learner, int folds, int shots)
            throws IOException {
        Trainer trainer = new Trainer(training, task.seed());
        return new Scores(train.labels(), new CrossValidation(learner, trainer, folds).logits(data, shots));
    }

    /** Returns the features of all images, in the order of {@link #located}. */
    FeatureSet all() {
        return FeatureSet.joined(FeatureSet.joined(train.all(), val.all()), test.all());
    }

    /** Returns the test images with their parts of the data, after the training and val images if they are wanted. */
    List<Located> located(boolean withTrain, boolean withVal) {
        List<Located> all = new ArrayList<>();
        add(all, withTrain, train, "training");
        add(all, withVal, val, "val");
        add(all, true, test, "test");
        return all;
    }

    private static void add(List<Located> all, boolean wanted, LabelledFeatures images, String part) {
        if (wanted) {
            images.images().forEach(image -> all.add(new Located(image.image(), image.sha256(), part)));
        }
    }

    /**
     * An image and its part of the data.
     *
     * @param sha256 of its file's content
     * @param part training, val or test
     */
    public record Located(LabelledImage image, String sha256, String part) {}
}
