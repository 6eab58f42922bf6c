package org.coop4j.features;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.coop4j.base.Numbers;
import org.coop4j.base.Require;
import org.coop4j.base.Settings.Setting;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.clip.StepGraph;
import org.coop4j.clip.VisualProjection;
import org.coop4j.data.FeatureSet;
import org.coop4j.eval.Predictions;
import org.coop4j.graph.Graph;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.graph.host.DoubleRows;
import org.coop4j.method.Classifier;
import org.coop4j.method.Classifier.LogitGraph;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.FeatureMethod;
import org.coop4j.method.LinearHead;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.Method.Learner;
import org.coop4j.method.Method.Task;
import org.coop4j.method.Optimizer.Algorithm;
import org.coop4j.method.PromptEnsemble.TextPrompts;
import org.coop4j.method.Trainer;
import org.coop4j.method.Training;
import org.coop4j.method.Training.Schedule;
import org.coop4j.model.ClipConfig;
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
 * @param basis part of the projection that is learned
 * @param prompts hand-written prompts of the text features
 */
record ProLip(
        @Setting("weight of the penalty on the projection's change, divided by the images per class") double lambda,
        @Setting("what changes: the whole projection, or its part in the span of the class texts' differences")
                Basis basis,
        TextPrompts prompts)
        implements FeatureMethod {

    private static final String TEXT = "text";

    /** Parts of a projection that are learned. */
    enum Basis {
        /** Every entry. */
        ALL,
        /**
         * Task-text coordinates (the reference's {@code geometry.py}): z = z₀ + Q A h, where the columns of Q span the
         * differences of the class texts and only A [r, width] is learned, from 0.
         */
        TEXT
    }

    public ProLip {
        Require.present("basis", basis);
        Require.present("prompts", prompts);
        Require.notNegative("lambda", lambda);
    }

    /** λ = 1/K: the authors' setting without validation. */
    public ProLip() {
        this(1, Basis.ALL, new TextPrompts());
    }

    @Override
    public About about() {
        return new About(
                "prolip",
                title("ProLIP", lambda, basis),
                "Fine-tunes CLIP's visual projection with a penalty on its change; accepts any class names afterwards"
                        + " (Fahes et al., 2024).");
    }

    /** Returns a title with the settings that differ from the defaults. */
    static String title(String name, double lambda, Basis basis) {
        List<String> own = new ArrayList<>();
        if (lambda != 1) {
            own.add("λ = " + Numbers.plain(lambda) + "/K");
        }
        if (basis == Basis.TEXT) {
            own.add("text basis");
        }
        return own.isEmpty() ? name : name + " (" + String.join(", ", own) + ")";
    }

    @Override
    public Training training(int shots) {
        return training(basis == Basis.ALL ? 1e-5 : 1e-3);
    }

    static Training training(double rate) {
        return Training.adam(Algorithm.ADAM, 300, Training.ALL_IMAGES, rate, 0, 1e-4, Schedule.STEP_COSINE);
    }

    @Override
    public FeatureKind features() {
        return FeatureKind.BEFORE_PROJECTION;
    }

    @Override
    public String lacks(FeatureSpace space) {
        if (space.towers().isEmpty()) {
            return "a tower of CLIP, and only features are given";
        }
        ClipConfig architecture = space.towers().get().architecture();
        return architecture.vision().projects()
                ? null
                : "a projection after the image tower, and %s has none"
                        .formatted(architecture.family().title());
    }

    private VisualProjection projection(FeatureSpace space) {
        requireFits(space);
        return space.requireVisualProjection(id());
    }

    @Override
    public Learner learner(FeatureSpace space, Task task) {
        requireFits(space);
        return FeatureMethod.super.learner(space, task);
    }

    @Override
    public Head start(ClassTexts texts, FewShotFeatures data, Trainer trainer) {
        FeatureMatrix text = texts.weights();
        double penalty = lambda * text.rows() / data.train().size();
        return head(projection(texts.space()), basis, text, penalty);
    }

    /**
     * Returns the projection before training.
     *
     * @param before the frozen projection
     * @param text normalised text features, one row per class
     * @param penalty factor of the sum of the squared changes
     */
    static Head head(VisualProjection before, Basis basis, FeatureMatrix text, double penalty) {
        FeatureMatrix frozen = before.weight(); // [embed, width]
        FeatureMatrix q = basis == Basis.TEXT ? textBasis(text) : null; // [embed, r]
        LearnedTensor w = q == null
                ? frozen.learned(before.name())
                : LearnedTensor.of("a", new float[q.width() * frozen.width()], q.width(), frozen.width());
        return new Head(
                file -> file.with(before.name(), before.turned(projection(frozen, q, w)))
                        .with(TEXT, text),
                w) {
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
                step.fast();
                Graph ops = step.ops();
                SDVariable learned = step.learned(w.name());
                SDVariable z = ops.linear(step.images(), learned); // [batch, embed], or [batch, r] in the basis
                SDVariable change = learned;
                if (q == null) {
                    change = ops.add(learned, step.constant("before", frozen.times(-1)));
                } else {
                    SDVariable start = step.constant("before", frozen);
                    z = ops.add(ops.linear(step.images(), start), ops.linear(z, step.constant("basis", q)));
                }
                if (before.bias() != null) {
                    z = z.add(step.constant("bias", before.bias()));
                }
                SDVariable t = step.perClass("text", text.times(step.logitScale()));
                SDVariable logits = ops.linear(ops.normalizeRows(z), t);
                double reach = Training.reach(step.logitScale());
                return step.crossEntropy(logits).add(ops.sumOfSquares(change).mul(penalty / (reach * reach)));
            }
        };
    }

    /** Returns the learned projection: the tensor itself, or W₀ + Q A. */
    private static FeatureMatrix projection(FeatureMatrix frozen, FeatureMatrix q, LearnedTensor learned) {
        FeatureMatrix values = FeatureMatrix.of(learned);
        return q == null ? values : frozen.plus(q.products(values.transposed()), 1);
    }

    /**
     * Returns an orthonormal basis of the differences of class texts: the right singular vectors of the centred rows whose
     * singular values are not rounding, each with a positive largest entry.
     *
     * @param text normalised text features, [classes, embed]
     * @return Q, [embed, r]
     * @throws IllegalArgumentException if all texts are equal
     */
    static FeatureMatrix textBasis(FeatureMatrix text) {
        int classes = text.rows();
        int width = text.width();
        double[] centred = new double[classes * width];
        for (int j = 0; j < width; j++) {
            double mean = 0;
            for (int k = 0; k < classes; k++) {
                mean += text.get(k, j) / (double) classes;
            }
            for (int k = 0; k < classes; k++) {
                centred[k * width + j] = text.get(k, j) - mean;
            }
        }
        double[][] vectors = DoubleRows.rightSingularVectors(centred, width);
        Require.that(
                vectors.length > 0, "basis text: the texts of all classes are equal, which leaves nothing to learn");
        float[] q = new float[width * vectors.length];
        for (int i = 0; i < vectors.length; i++) {
            double[] v = vectors[i];
            double sign = Math.signum(v[Predictions.argmax(width, j -> Math.abs(v[j]))]);
            for (int j = 0; j < width; j++) {
                q[j * vectors.length + i] = (float) (sign * v[j]);
            }
        }
        return FeatureMatrix.of(width, vectors.length, q);
    }

    @Override
    public Classifier read(FeatureSpace space, ClassifierFile file) throws IOException {
        VisualProjection before = projection(space);
        FeatureMatrix own = before.turned(before.weight());
        file.require(Shape.of(own.rows(), own.width()), before.name());
        FeatureMatrix w = before.turned(file.matrix(before.name()));
        return classRows(space, file, ClassTexts::weights, TEXT).adapted(TEXT, projection(w, before.bias()));
    }

    static LinearHead.Adapter projection(FeatureMatrix w, FeatureMatrix bias) {
        return new LinearHead.Adapter() {
            @Override
            public <T> T adapted(LogitGraph<T> graph, T images) {
                T z = graph.product(images, w);
                return bias == null ? z : graph.plus(z, bias.row(0));
            }
        };
    }
}
