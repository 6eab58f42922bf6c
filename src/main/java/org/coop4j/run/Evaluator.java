package org.coop4j.run;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.data.ImageDataset;
import org.coop4j.method.Classifier;
import org.coop4j.method.PromptEnsemble;

/** The test images of a dataset or of a half of its classes, to measure many classifiers on. */
public final class Evaluator {

    private final FeatureSpace space;
    private final ImageDataset dataset;
    private final TestImages images;
    private final List<PromptEnsemble> prompts;
    private List<RunResult.HandWritten> handWritten;

    /**
     * @param dataset lists of the classes that are tested
     * @param images its test images
     * @param prompts hand-written prompts that fit its class names
     */
    Evaluator(
            FeatureSpace space,
            ImageDataset dataset,
            TestImages images,
            List<PromptEnsemble> prompts) {
        this.space = space;
        this.dataset = dataset;
        this.images = images;
        this.prompts = prompts;
    }

    /** The lists of the classes that are tested. */
    public ImageDataset dataset() {
        return dataset;
    }

    /** The features of the test images. */
    public TestImages images() {
        return images;
    }

    /** Hand-written prompts that fit the class names. */
    public List<PromptEnsemble> prompts() {
        return List.copyOf(prompts);
    }

    /** Scores the images by a classifier of the classes that are tested. */
    public Scores scores(Classifier classifier) {
        return images.scores(classifier);
    }

    /** Scores the images against normalised class weights, one row a class. */
    public Scores scores(FeatureMatrix weights) {
        return images.scores(weights, space.logitScale());
    }

    /** The accuracies of hand-written prompts, measured when they are first asked for. */
    public List<RunResult.HandWritten> handWritten() {
        if (handWritten == null) {
            List<RunResult.HandWritten> measured = new ArrayList<>();
            for (PromptEnsemble zeroShot : prompts) {
                FeatureMatrix weights = zeroShot.classWeights(space, dataset.classNames());
                double accuracy = scores(weights).evaluation().accuracy();
                measured.add(new RunResult.HandWritten(zeroShot.describe(), accuracy));
            }
            handWritten = List.copyOf(measured);
        }
        return handWritten;
    }

    /**
     * The result that scores of these images make.
     *
     * @param label what the result calls the method
     * @param config the run
     * @param trainImages images that it learned from
     * @param seconds how long its parts took
     */
    public RunResult result(
            String label,
            RunConfig config,
            int trainImages,
            Scores scores,
            Map<String, Double> seconds) {
        return RunResult.of(label, config, trainImages, this, scores, seconds);
    }
}
