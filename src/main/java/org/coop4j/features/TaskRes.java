package org.coop4j.features;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.coop4j.base.Numbers;
import org.coop4j.base.Require;
import org.coop4j.base.Settings.Setting;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.StepGraph;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.FeatureMethod;
import org.coop4j.method.LinearHead.ClassRows;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.Optimizer.Algorithm;
import org.coop4j.method.PromptEnsemble.TextPrompts;
import org.coop4j.method.Trainer;
import org.coop4j.method.Training;
import org.coop4j.method.Training.Schedule;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * Task Residual (Yu, Lu, Jin, Chen, Wang: "Task Residual for Tuning Vision-Language Models", CVPR 2023; the reference's
 * {@code trainers/taskres.py}): a class's weight is t + alpha · x, with t its text feature, not normalised, and x a
 * learned residual, initially 0.
 *
 * @param alpha scaling factor of the residual
 * @param prompts hand-written prompts of the text features
 */
record TaskRes(@Setting("scaling factor of the task residual") double alpha, TextPrompts prompts)
        implements FeatureMethod {

    private static final String BASE = "base_text_features";
    private static final String RESIDUAL = "text_feature_residuals";

    public TaskRes {
        Require.present("prompts", prompts);
        Require.notNegative("alpha", alpha);
    }

    /** The reference's scripts: α = 0.5. */
    public TaskRes() {
        this(0.5, new TextPrompts());
    }

    @Override
    public About about() {
        return new About(
                "taskres",
                "TaskRes (α = " + Numbers.plain(alpha) + ")",
                "Adds a learned residual to each class's text feature; trains in seconds (Yu et al., CVPR 2023).");
    }

    @Override
    public Training training(int shots) {
        return training(shots, Training.COOP_RATE);
    }

    @Override
    public Training trainingOnImageNet(int shots) {
        return training(shots, 2e-4);
    }

    private static Training training(int shots, double rate) {
        int epochs = shots > 0 && shots <= 4 ? 100 : 200;
        return Training.adam(Algorithm.ADAM, epochs, 256, rate, Training.WEIGHT_DECAY, 1e-8, Schedule.EPOCH_COSINE);
    }

    @Override
    public Head start(ClassTexts texts, FewShotFeatures data, Trainer trainer) {
        FeatureMatrix base = texts.raw();
        LearnedTensor x = LearnedTensor.zeros(RESIDUAL, base.rows(), base.width());
        return new Head(file -> file.with(BASE, base).with(x), x) {
            @Override
            public SDVariable loss(StepGraph step) {
                SDVariable t = step.perClass("text", base); // [classes, embed]
                SDVariable moved = step.ops().add(t, step.learned(RESIDUAL).mul(alpha));
                return step.crossEntropy(step.cosineLogits(step.ops().normalizeRows(moved)));
            }
        };
    }

    /** Returns the classifier of t + alpha · x, normalised; the residual of a new class is 0. */
    @Override
    public Classifier read(FeatureSpace space, ClassifierFile file) throws IOException {
        file.requireClassRows(space, BASE, RESIDUAL);
        return new ClassRows(space, file, List.of(BASE, RESIDUAL), names -> {
                    float[] text = textsOfFile(space, file, names).raw().toArray();
                    return Map.of(BASE, text, RESIDUAL, new float[text.length]);
                })
                .cosines(rows ->
                        rows.matrix(BASE).plus(rows.matrix(RESIDUAL), alpha).normalized());
    }
}
