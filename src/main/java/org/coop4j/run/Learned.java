package org.coop4j.run;

import java.io.IOException;
import java.util.List;
import org.coop4j.data.ClassNames;
import org.coop4j.eval.LabelScores.Decision;
import org.coop4j.eval.Scores;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.Method;
import org.coop4j.method.PromptEnsemble.Written;
import org.coop4j.run.Images.Pictures;
import org.coop4j.run.MethodChoice.Candidate;

/** Everything that a run yields: the classifier, what it learned from, and the scores of images, each computed once. */
public final class Learned implements AutoCloseable {

    private final RunConfig config;
    private final Support support;
    private final Classifier classifier;
    private Confidence confidence = Confidence.NONE;
    private ClassifierFile file;
    private Scores folds; // null until they are asked for
    private Scores test; // null until it is tested
    private Pictures tested;
    private List<Written> prompts = List.of();
    private RunResult result;
    private List<String> warnings = List.of();

    Learned(RunConfig config, Support support, Classifier classifier) {
        this.config = config;
        this.support = support;
        this.classifier = classifier;
    }

    /** Returns the configuration of the run. */
    public RunConfig config() {
        return config;
    }

    /** Returns the images that it learned from and may have chosen by. */
    public Support support() {
        return support;
    }

    /** Returns the classifier, which this value closes. */
    public Classifier classifier() {
        return classifier;
    }

    /** Returns the calibration of its probabilities. */
    public Confidence confidence() {
        return confidence;
    }

    /** Returns the way from scores of some classes to sets of labels; the best labels if the classifier says nothing. */
    public Decision decision(List<String> names) {
        ClassifierFile saved = file == null ? classifier.save() : file;
        return saved.decision() == null
                ? Decision.BEST
                : saved.decision().select(ClassNames.find(names, saved.classNames()));
    }

    /** Returns the images that it was tested on. */
    public Pictures tested() {
        return tested;
    }

    /** Returns the scores of the test images. */
    public Scores test() {
        return test;
    }

    /** Returns the hand-written prompts that fit the tested classes, with their weights. */
    public List<Written> prompts() {
        return prompts;
    }

    /** Returns the result on the test images. */
    public RunResult result() {
        return result;
    }

    /** Returns scores of the val images if it did not choose by them. */
    public Scores val() {
        return config.method().usesVal() ? Scores.NONE : support.val().scores(classifier);
    }

    /** Returns true if a cross-validation takes seconds, and no class has a single image. */
    boolean hasFolds() {
        Method method = config.method();
        int times = folds != null || !method.learns() ? 0 : support.affordable(method, config.training());
        return folds != null || (times > 1 && support.folds() > 1 && times >= support.folds());
    }

    /**
     * Returns scores of the training images by cross-validation with the settings that the classifier chose; none if that
     * takes long.
     */
    public synchronized Scores folds() throws IOException {
        if (folds == null) {
            folds = hasFolds()
                    ? support.crossValidated(
                            new Candidate("", config.method(), config.training(), 0), classifier.save())
                    : Scores.NONE;
        }
        return folds;
    }

    /** Returns the classifier's file with its temperature and how it was made. */
    public ClassifierFile file() {
        return file;
    }

    void calibrated(Confidence chosen, ClassifierFile made) {
        confidence = chosen;
        file = made;
    }

    void tested(Pictures images, Scores scores, List<Written> written) {
        tested = images;
        test = scores;
        prompts = written;
    }

    void result(RunResult measured) {
        result = measured;
    }

    /** Returns the warnings of the run about its data and its training. */
    public List<String> warnings() {
        return List.copyOf(warnings);
    }

    void warned(List<String> messages) {
        warnings = messages;
    }

    @Override
    public void close() {
        classifier.close();
    }
}
