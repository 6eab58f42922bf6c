package org.coop4j.method;

import java.io.IOException;
import java.util.List;
import org.coop4j.base.Numbers;
import org.coop4j.base.Setting;
import org.coop4j.base.Settings;
import org.coop4j.clip.FeatureKind;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.StepGraph;
import org.coop4j.clip.VisualProjection;
import org.coop4j.data.FeatureSet;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.method.Classifier.AdaptedImages;
import org.coop4j.method.LinearHead.ClassRows;
import org.coop4j.method.PromptEnsemble.TextPrompts;
import org.coop4j.method.train.Optimizer.Kind;
import org.coop4j.method.train.Trainer;
import org.coop4j.method.train.Training;
import org.coop4j.method.train.Training.Schedule;
import org.coop4j.weights.Shape;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * ProLIP (Fahes, Vu, Bursuc, Pérez, de Charette: "Fine-Tuning CLIP's Last Visual Projector", 2024;
 * the reference's {@code methods/ProLIP.py}): CLIP's visual projection is trained, held near what
 * it was; all else stays.
 *
 * <p>loss = cross-entropy + (lambda / K) Σ (W − W₀)², K images a class.
 *
 * @param lambda weight of the penalty, which is divided by the images of a class
 * @param prompts hand-written prompts of the text features
 */
public record ProLip(
        @Setting("how much the projection is held at CLIP's own, divided by the images of a class") double lambda,
        TextPrompts prompts)
        implements FeatureMethod {

    private static final String TEXT = "text";

    public ProLip {
        Settings.requireNotNegative("lambda", lambda);
    }

    /** λ = 1/K: the authors' setting without validation. */
    public ProLip() {
        this(1, new TextPrompts());
    }

    @Override
    public String id() {
        return "prolip";
    }

    @Override
    public String title() {
        return lambda == 1 ? "ProLIP" : "ProLIP (λ = " + Numbers.plain(lambda) + "/K)";
    }

    @Override
    public String summary() {
        return "Trains the matrix that CLIP's image tower ends in, held near what it was: 300 steps"
                + " over all images, seconds. Takes any class names afterwards, as the texts stay."
                + " The rate is the authors' for want of validation; a higher one, such as 0.001,"
                + " learns faster. Images are encoded up to the projection, apart from those of"
                + " other methods. Fahes et al., 2024; published with ViT-B/16 and 16 shots: base"
                + " 84.01, new 73.86, harmonic mean 78.61 %.";
    }

    @Override
    public Training training(int shots) {
        return Training.adam(Kind.ADAM, 300, Training.ALL_IMAGES, 1e-5, 0, 1e-4, Schedule.STEP_COSINE);
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
    public FeatureMethod.Model start(FeatureMethod.Texts text, FewShotFeatures data, Trainer trainer) {
        return new Projector(
                text.space().requireVisualProjection(id()),
                text.weights(),
                lambda * text.classes() / data.train().size());
    }

    @Override
    public double rows(FeatureSpace space, int classes, int images) {
        return classes + space.requireVisualProjection(id()).weight().width();
    }

    /**
     * The projection that is learned.
     *
     * @param before CLIP's own
     * @param w the projection, [embed, width]
     * @param text normalised text features
     * @param penalty weight of the squared change
     */
    record Projector(VisualProjection before, LearnedTensor w, FeatureMatrix text, double penalty)
            implements FeatureMethod.Model {

        Projector(VisualProjection before, FeatureMatrix text, double penalty) {
            this(before, before.weight().learned(before.name()), text, penalty);
        }

        @Override
        public List<LearnedTensor> learned() {
            return List.of(w);
        }

        @Override
        public boolean normalized() {
            return false;
        }

        /** Step i sees view i + 1. */
        @Override
        public FeatureSet samples(FeatureSet images) {
            return Views.fromSecond(images);
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
            return step.crossEntropy(logits).add(step.ops().sumOfSquares(change).mul(penalty));
        }

        @Override
        public ClassifierFile addTo(ClassifierFile file) {
            return file.with(w.name(), before.turned(FeatureMatrix.of(w))).with(TEXT, text);
        }
    }

    @Override
    public Classifier read(FeatureSpace space, ClassifierFile file) throws IOException {
        VisualProjection before = space.requireVisualProjection(id());
        FeatureMatrix own = before.turned(before.weight());
        file.require(before.name(), Shape.of(own.rows(), own.width()));
        file.requireClassRows(space, TEXT);
        Classifier cosines = ClassRows.ofTexts(names -> prompts.ofFile().classWeights(space, names), TEXT)
                .cosines(space, file, rows -> rows.matrix(TEXT));
        return new AdaptedImages(
                cosines, features(), projected(before.turned(file.matrix(before.name())), before.bias()));
    }

    /** Features after a projection. */
    private static AdaptedImages.Adapter projected(FeatureMatrix w, FeatureMatrix bias) {
        return new AdaptedImages.Adapter() {
            @Override
            public <T> T adapted(LogitGraph<T> graph, T images) {
                T z = graph.product(images, w);
                return bias == null ? z : graph.plus(z, bias.row(0));
            }
        };
    }
}
