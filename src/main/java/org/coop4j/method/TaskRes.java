package org.coop4j.method;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.StepGraph;
import org.coop4j.eval.Numbers;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.train.Optimizer;
import org.coop4j.train.Schedule;
import org.coop4j.train.Setting;
import org.coop4j.train.Training;
import org.coop4j.weights.Shape;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * Task Residual (Yu, Lu, Jin, Chen, Wang: "Task Residual for Tuning Vision-Language Models", CVPR
 * 2023; the reference's {@code trainers/taskres.py}): t + alpha · x is a class's weight, with t its
 * text feature as the tower gives it, and x, learned, at first 0.
 *
 * @param alpha scaling factor of the residual
 * @param prompts hand-written prompts of the text features
 */
public record TaskRes(
        @Setting("scaling factor of the task residual") double alpha, TextPrompts prompts)
        implements Method {

    private static final String BASE = "base_text_features";
    private static final String RESIDUAL = "text_feature_residuals";

    public TaskRes {
        if (!(alpha >= 0)) {
            throw new IllegalArgumentException("alpha: expected 0 or more, got " + alpha);
        }
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
        return new Training(
                shots > 0 && shots <= 4 ? 100 : 200,
                256,
                Optimizer.Kind.ADAM,
                rate,
                0,
                5e-4,
                1e-8,
                Schedule.Kind.EPOCH_COSINE,
                1,
                1e-5);
    }

    @Override
    public boolean namesNewClasses() {
        return true;
    }

    @Override
    public Learner learner(Clip clip, Task task) {
        PromptEnsemble used = prompts.of(task);
        return new FeatureLearner(
                clip,
                task,
                used,
                images -> task.classNames().size(),
                (data, fit) -> {
                    FeatureMatrix base = used.rawWeights(clip, task.classNames());
                    LearnedTensor x = LearnedTensor.zeros(RESIDUAL, base.rows(), base.width());
                    return new Residual(base, x, alpha) {
                        @Override
                        public Classifier classifier() throws IOException {
                            Shape shape = Shape.of(base.rows(), base.width());
                            Method method = TextPrompts.used(TaskRes.this, used);
                            String model = clip.model().sha256();
                            return TaskRes.this.classifier(
                                    clip,
                                    ClassifierFile.of(method, task.classNames(), model)
                                            .with(BASE, shape, base.toArray())
                                            .with(RESIDUAL, shape, x.values()),
                                    used);
                        }
                    };
                });
    }

    /** The residual that is learned. */
    abstract static class Residual implements FeatureLearner.Model {

        private final FeatureMatrix base;
        private final LearnedTensor x;
        private final double alpha;

        /**
         * @param base text features, not normalised
         */
        Residual(FeatureMatrix base, LearnedTensor x, double alpha) {
            this.base = base;
            this.x = x;
            this.alpha = alpha;
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
    }

    /** t + alpha · x, normalised. */
    static FeatureMatrix weights(float[] base, float[] x, double alpha, int classes) {
        float[] weights = new float[base.length];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = (float) (base[i] + alpha * x[i]);
        }
        return FeatureMatrix.of(classes, base.length / classes, weights).normalized();
    }

    private Classifier classifier(Clip clip, ClassifierFile file, PromptEnsemble used) {
        float[] base = file.tensor(BASE).values();
        float[] x = file.tensor(RESIDUAL).values();
        return new CosineClassifier(
                file,
                weights(base, x, alpha, file.classNames().size()),
                clip.logitScale(),
                names -> classifier(clip, forClasses(clip, file, used, names), used));
    }

    /** The residual of a new class is 0. */
    private static ClassifierFile forClasses(
            Clip clip, ClassifierFile file, PromptEnsemble used, List<String> names) {
        return ClassRows.select(
                file,
                names,
                List.of(BASE, RESIDUAL),
                added -> {
                    float[] text = used.rawWeights(clip, added).toArray();
                    return Map.of(BASE, text, RESIDUAL, new float[text.length]);
                });
    }

    @Override
    public Classifier read(Clip clip, ClassifierFile file) throws IOException {
        Shape shape = Shape.of(file.classNames().size(), clip.architecture().embedDim());
        file.require(BASE, shape);
        file.require(RESIDUAL, shape);
        return classifier(clip, file, prompts.ofFile());
    }
}
