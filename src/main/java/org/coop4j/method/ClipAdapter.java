package org.coop4j.method;

import java.io.IOException;
import java.util.List;
import org.coop4j.base.Numbers;
import org.coop4j.base.Setting;
import org.coop4j.base.Settings;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.StepGraph;
import org.coop4j.data.RandomStream;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.graph.op.Activation.Kind;
import org.coop4j.method.Classifier.AdaptedImages;
import org.coop4j.method.LinearHead.ClassRows;
import org.coop4j.method.PromptEnsemble.TextPrompts;
import org.coop4j.method.train.Trainer;
import org.coop4j.method.train.Training;
import org.coop4j.weights.Shape;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * CLIP-Adapter (Gao et al.: "CLIP-Adapter: Better Vision-Language Models with Feature Adapters",
 * IJCV 2023; the reference's {@code clip_adapter.py}): x' = ratio · relu(W₂ · relu(W₁ · x)) + (1 −
 * ratio) · x takes the place of an image's features. Without biases it is positively homogeneous:
 * the logits are the same for normalised features, which are used here.
 *
 * @param ratio residual ratio, 0 to 1
 * @param prompts hand-written prompts of the text features
 */
public record ClipAdapter(
        @Setting("residual ratio: the adapter's share of the image features, 0 to 1") double ratio, TextPrompts prompts)
        implements FeatureMethod {

    private static final String W1 = "fc.0.weight";
    private static final String W2 = "fc.2.weight";
    private static final String TEXT = "text";
    private static final int REDUCTION = 4;

    public ClipAdapter {
        Settings.requireShare("ratio", ratio);
    }

    /** As the reference's code: 0.2. */
    public ClipAdapter() {
        this(0.2, new TextPrompts());
    }

    @Override
    public String id() {
        return "clip-adapter";
    }

    @Override
    public String title() {
        return "CLIP-Adapter (ratio " + Numbers.plain(ratio) + ")";
    }

    @Override
    public String summary() {
        return "Two small layers, learned, whose output is mixed into the image features; the"
                + " text features stay. Seconds. Takes any class names afterwards, as nothing in"
                + " it belongs to a class. Gao et al., IJCV 2023; published with ResNet-50 at 1,"
                + " 2, 4, 8, 16 shots: 62.67, 65.55, 68.61, 71.40, 74.44 %, with ratios tuned for"
                + " each data set.";
    }

    @Override
    public Training training(int shots) {
        return Training.coop(Training.coopEpochs(shots), 32);
    }

    @Override
    public Training trainingOnImageNet(int shots) {
        return Training.coop(50, 32);
    }

    @Override
    public FeatureMethod.Model start(FeatureMethod.Texts text, FewShotFeatures data, Trainer trainer) {
        return begin(text.raw().normalized(), text.task().seed());
    }

    @Override
    public double rows(FeatureSpace space, int classes, int images) {
        return classes + space.embedDim() / 2.0;
    }

    /** The adapter before training. */
    Adapter begin(FeatureMatrix text, long seed) {
        int d = text.width();
        return new Adapter(initial(W1, hidden(d), d, seed), initial(W2, d, hidden(d), seed), text, ratio);
    }

    private static int hidden(int width) {
        return Math.max(1, width / REDUCTION);
    }

    private static LearnedTensor initial(String name, int out, int in, long seed) {
        return CoCoOp.MetaNet.uniform(RandomStream.of(seed, "initial " + name), in, name, out, in);
    }

    /**
     * The two layers that are learned.
     *
     * @param w1 [hidden, embed]
     * @param w2 [embed, hidden]
     * @param text normalised text features
     */
    record Adapter(LearnedTensor w1, LearnedTensor w2, FeatureMatrix text, double ratio)
            implements FeatureMethod.Model {

        @Override
        public List<LearnedTensor> learned() {
            return List.of(w1, w2);
        }

        @Override
        public SDVariable loss(StepGraph step) {
            SDVariable x = step.images(); // [batch, embed]
            SDVariable hidden = relu(step, step.ops().linear(x, step.learned(w1.name())));
            SDVariable adapted = relu(step, step.ops().linear(hidden, step.learned(w2.name())));
            SDVariable mixed = step.ops().add(adapted.mul(ratio), x.mul(1 - ratio));
            SDVariable cosines = step.ops().linear(step.ops().normalizeRows(mixed), step.perClass("text", text));
            return step.crossEntropy(step.scaled(cosines));
        }

        @Override
        public ClassifierFile addTo(ClassifierFile file) {
            return file.with(w1).with(w2).with(TEXT, text);
        }

        private static SDVariable relu(StepGraph step, SDVariable x) {
            return step.ops().activation(Kind.RELU, x);
        }
    }

    @Override
    public Classifier read(FeatureSpace space, ClassifierFile file) throws IOException {
        int d = space.embedDim();
        file.require(W1, Shape.of(hidden(d), d));
        file.require(W2, Shape.of(d, hidden(d)));
        file.requireClassRows(space, TEXT);
        Classifier cosines = ClassRows.ofTexts(
                        names -> prompts.ofFile().rawWeights(space, names).normalized(), TEXT)
                .cosines(space, file, rows -> rows.matrix(TEXT));
        return new AdaptedImages(cosines, features(), mixed(file.matrix(W1), file.matrix(W2)));
    }

    /** Normalised features mixed with what the adapter makes of them. */
    private AdaptedImages.Adapter mixed(FeatureMatrix w1, FeatureMatrix w2) {
        return new AdaptedImages.Adapter() {
            @Override
            public <T> T adapted(LogitGraph<T> graph, T images) {
                T x = graph.unit(images);
                T hidden = graph.rectified(graph.product(x, w1));
                T made = graph.rectified(graph.product(hidden, w2));
                return graph.plus(graph.times(made, ratio), graph.times(x, 1 - ratio));
            }
        };
    }
}
