package org.coop4j.run;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.coop4j.data.ClassNames;
import org.coop4j.eval.LabelScores.Decision;
import org.coop4j.eval.Scores;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.Method;
import org.coop4j.method.PromptEnsemble.Written;
import org.coop4j.run.Images.Pictures;

/**
 * Everything that a run yields. Closing it closes the classifier.
 *
 * @param config configuration of the run
 * @param support images that it learned from and may have chosen by
 * @param classifier what it learned
 * @param file the classifier's file, with its temperature and how it was made
 * @param confidence calibration of its probabilities
 * @param warnings about its data and its training
 * @param tests the test; empty for a classifier that was learned in memory
 * @param measured the result of the test
 */
public record Learned(
        RunConfig config,
        Support support,
        Classifier classifier,
        ClassifierFile file,
        Confidence confidence,
        List<String> warnings,
        Optional<Test> tests,
        Optional<RunResult> measured)
        implements AutoCloseable {

    public Learned {
        warnings = List.copyOf(warnings);
    }

    /**
     * A test of a classifier beside hand-written prompts.
     *
     * @param classNames classes tested on
     * @param images test images
     * @param scores of the test images
     * @param prompts the hand-written prompts that fit the tested classes
     */
    public record Test(List<String> classNames, Pictures images, Scores scores, List<Prompt> prompts) {}

    /** A hand-written prompt with its scores of the test images. */
    public record Prompt(Written written, Scores test) {}

    /** Returns the same with a test that nothing was measured of. */
    public Learned with(Test test) {
        return new Learned(
                config, support, classifier, file, confidence, warnings, Optional.of(test), Optional.empty());
    }

    Learned with(Test test, RunResult result) {
        return new Learned(
                config, support, classifier, file, confidence, warnings, Optional.of(test), Optional.of(result));
    }

    /** Returns the way from scores of some classes to sets of labels; the best labels if the classifier says nothing. */
    public Decision decision(List<String> names) {
        return decision(file, names);
    }

    static Decision decision(ClassifierFile file, List<String> names) {
        return file.decision() == null
                ? Decision.BEST
                : file.decision().select(ClassNames.find(names, file.classNames()));
    }

    /** Returns the images that it was tested on. */
    public Pictures tested() {
        return tests.orElseThrow().images;
    }

    /** Returns the scores of the test images. */
    public Scores test() {
        return tests.orElseThrow().scores;
    }

    /** Returns the hand-written prompts that fit the tested classes. */
    public List<Prompt> prompts() {
        return tests.orElseThrow().prompts;
    }

    /** Returns the result on the test images. */
    public RunResult result() {
        return measured.orElseThrow();
    }

    /** Returns scores of the val images that chose nothing of the classifier. */
    public Scores val() {
        if (config.sample().val() == Sample.Val.CHOSE) {
            return Scores.NONE;
        }
        return config.method().usesVal()
                ? support.calibrating().map(some -> some.scores(classifier)).orElse(Scores.NONE)
                : support.val().scores(classifier);
    }

    /**
     * Returns scores of the training images by cross-validation with the settings that the classifier chose; none if that
     * takes long, or a class has a single image.
     */
    public Scores folds() throws IOException {
        return hasFolds()
                ? support.crossValidated(new Recipe("", config.method(), config.training(), Sample.NONE, 1), classifier)
                : Scores.NONE;
    }

    boolean hasFolds() {
        Method method = config.method();
        int folds = support.folds();
        return method.learns() && folds > 1 && support.affordable(method, config.training()) >= folds;
    }

    @Override
    public void close() {
        classifier.close();
    }
}
