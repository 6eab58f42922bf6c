package org.coop4j.method;

import java.io.IOException;
import org.coop4j.base.Numbers;
import org.coop4j.base.Require;
import org.coop4j.base.Settings.Setting;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.clip.StepGraph;
import org.coop4j.clip.VisualProjection;
import org.coop4j.data.FeatureSet;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.method.Classifier.LogitGraph;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.Method.Learner;
import org.coop4j.method.Method.Task;
import org.coop4j.method.Optimizer.Algorithm;
import org.coop4j.method.PromptEnsemble.TextPrompts;
import org.coop4j.method.Training.Schedule;
import org.coop4j.weights.Shape;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * ProLIP (Fahes, Vu, Bursuc, Pérez, de Charette: "Fine-Tuning CLIP's Last Visual Projector", 2024; the reference's
 * {@code methods/ProLIP.py}): fine-tunes CLIP's visual projection with a penalty on its change; everything else stays
 * frozen.
 *
 * <p>loss = cross-entropy + (lambda / K) Σ (W − W₀)², K images per class; at another logit scale than 100, lambda is
 * divided by the square of {@link Training#reach}.
 *
 * @param lambda weight of the penalty, which is divided by the number of images per class
 * @param prompts hand-written prompts of the text features
 */
record ProLip(
        @Setting("weight of the penalty on the projection's change, divided by the images per class") double lambda,
        TextPrompts prompts)
        implements FeatureMethod {

    private static final String TEXT = "text";

    public ProLip {
        Require.present("prompts", prompts);
        Require.notNegative("lambda", lambda);
    }

    /** λ = 1/K: the authors' setting without validation. */
    public ProLip() {
        this(1, new TextPrompts());
    }

    @Override
    public About about() {
        return new About(
                "prolip",
                lambda == 1 ? "ProLIP" : "ProLIP (λ = " + Numbers.plain(lambda) + "/K)",
                "Fine-tunes CLIP's visual projection with a penalty on its change; accepts any class names afterwards"
                        + " (Fahes et al., 2024).");
    }

    @Override
    public Training training(int shots) {
        return Training.adam(Algorithm.ADAM, 300, Training.ALL_IMAGES, 1e-5, 0, 1e-4, Schedule.STEP_COSINE);
    }

    @Override
    public FeatureKind features() {
        return FeatureKind.BEFORE_PROJECTION;
    }

    @Override
    public Learner learner(FeatureSpace space, Task task) {
        space.requireVisualProjection(id());
        return FeatureMethod.super.learner(space, task);
    }

    @Override
    public Head start(ClassTexts texts, FewShotFeatures data, Trainer trainer) {
        VisualProjection before = texts.space().requireVisualProjection(id());
        FeatureMatrix text = texts.weights();
        double penalty = lambda * text.rows() / data.train().size();
        LearnedTensor w = before.weight().learned(before.name()); // [embed, width]
        return new Head(
                file -> file.with(w.name(), before.turned(FeatureMatrix.of(w))).with(TEXT, text), w) {
            @Override
            public boolean normalized() {
                return false;
            }

            /** Rotates the views, so that step i sees view i + 1. */
            @Override
            public FeatureSet samples(FeatureSet images) {
                return ViewPooling.fromSecond(images);
            }

            @Override
            public SDVariable loss(StepGraph step) {
                SDVariable learned = step.learned(w.name());
                SDVariable z = step.ops().linear(step.images(), learned); // [batch, embed]
                if (before.bias() != null) {
                    z = z.add(step.constant("bias", before.bias()));
                }
                SDVariable t = step.perClass("text", text);
                SDVariable logits = step.scaled(step.ops().linear(step.ops().normalizeRows(z), t));
                SDVariable change = learned.sub(step.constant("before", before.weight()));
                double reach = Training.reach(step.logitScale());
                return step.crossEntropy(logits)
                        .add(step.ops().sumOfSquares(change).mul(penalty / (reach * reach)));
            }
        };
    }

    @Override
    public Classifier read(FeatureSpace space, ClassifierFile file) throws IOException {
        VisualProjection before = space.requireVisualProjection(id());
        FeatureMatrix own = before.turned(before.weight());
        file.require(Shape.of(own.rows(), own.width()), before.name());
        FeatureMatrix w = before.turned(file.matrix(before.name()));
        return classRows(space, file, ClassTexts::weights, TEXT).adapted(TEXT, projection(w, before.bias()));
    }

    private static LinearHead.Adapter projection(FeatureMatrix w, FeatureMatrix bias) {
        return new LinearHead.Adapter() {
            @Override
            public <T> T adapted(LogitGraph<T> graph, T images) {
                T z = graph.product(images, w);
                return bias == null ? z : graph.plus(z, bias.row(0));
            }
        };
    }
}
