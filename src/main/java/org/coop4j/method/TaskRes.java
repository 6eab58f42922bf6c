package org.coop4j.method;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.coop4j.base.Numbers;
import org.coop4j.base.Setting;
import org.coop4j.base.Settings;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.StepGraph;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.method.LinearHead.ClassRows;
import org.coop4j.method.PromptEnsemble.TextPrompts;
import org.coop4j.method.train.Optimizer.Kind;
import org.coop4j.method.train.Trainer;
import org.coop4j.method.train.Training;
import org.coop4j.method.train.Training.Schedule;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * Task Residual (Yu, Lu, Jin, Chen, Wang: "Task Residual for Tuning Vision-Language Models", CVPR
 * 2023; the reference's {@code trainers/taskres.py}): t + alpha · x is a class's weight, with t its
 * text feature as the tower gives it, and x, learned, at first 0.
 *
 * @param alpha scaling factor of the residual
 * @param prompts hand-written prompts of the text features
 */
public record TaskRes(@Setting("scaling factor of the task residual") double alpha, TextPrompts prompts)
        implements FeatureMethod {

    private static final String BASE = "base_text_features";
    private static final String RESIDUAL = "text_feature_residuals";

    public TaskRes {
        Settings.requireNotNegative("alpha", alpha);
    }

    /** As the reference's scripts: α = 0.5. */
    public TaskRes() {
        this(0.5, new TextPrompts());
    }

    @Override
    public String id() {
        return "taskres";
    }

    @Override
    public String title() {
        return "TaskRes (α = " + Numbers.plain(alpha) + ")";
    }

    @Override
    public String summary() {
        return "Adds to each class's text feature a residual that is learned from the image"
                + " features; no tower runs in training: seconds. Needs no val images. A class"
                + " that it did not learn gets its zero-shot weight, and among learned ones is at"
                + " a disadvantage. Yu et al., CVPR 2023.";
    }

    @Override
    public Training training(int shots) {
        return training(shots, 0.002);
    }

    @Override
    public Training trainingOnImageNet(int shots) {
        return training(shots, 2e-4);
    }

    private static Training training(int shots, double rate) {
        int epochs = shots > 0 && shots <= 4 ? 100 : 200;
        return Training.adam(Kind.ADAM, epochs, 256, rate, 5e-4, 1e-8, Schedule.EPOCH_COSINE);
    }

    @Override
    public FeatureMethod.Model start(FeatureMethod.Texts text, FewShotFeatures data, Trainer trainer) {
        return new Residual(text.raw(), alpha);
    }

    @Override
    public double rows(FeatureSpace space, int classes, int images) {
        return classes;
    }

    /**
     * The residual that is learned.
     *
     * @param base text features, not normalised
     * @param x the residual
     */
    record Residual(FeatureMatrix base, LearnedTensor x, double alpha) implements FeatureMethod.Model {

        Residual(FeatureMatrix base, double alpha) {
            this(base, LearnedTensor.zeros(RESIDUAL, base.rows(), base.width()), alpha);
        }

        @Override
        public List<LearnedTensor> learned() {
            return List.of(x);
        }

        @Override
        public SDVariable loss(StepGraph step) {
            SDVariable t = step.perClass("text", base); // [classes, embed]
            SDVariable moved = step.ops().add(t, step.learned(x.name()).mul(alpha));
            return step.crossEntropy(step.cosineLogits(step.ops().normalizeRows(moved)));
        }

        @Override
        public ClassifierFile addTo(ClassifierFile file) {
            return file.with(BASE, base).with(x);
        }
    }

    @Override
    public Classifier read(FeatureSpace space, ClassifierFile file) throws IOException {
        file.requireClassRows(space, BASE, RESIDUAL);
        return new ClassRows(List.of(BASE, RESIDUAL), names -> unlearned(space, names))
                .cosines(space, file, rows -> weights(rows.matrix(BASE), rows.matrix(RESIDUAL), alpha));
    }

    /** The residual of a new class is 0. */
    private Map<String, float[]> unlearned(FeatureSpace space, List<String> names) {
        float[] text = prompts.ofFile().rawWeights(space, names).toArray();
        return Map.of(BASE, text, RESIDUAL, new float[text.length]);
    }

    /** t + alpha · x, normalised. */
    static FeatureMatrix weights(FeatureMatrix base, FeatureMatrix x, double alpha) {
        return base.plus(x, alpha).normalized();
    }
}
