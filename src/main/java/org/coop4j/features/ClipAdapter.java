package org.coop4j.features;

import java.io.IOException;
import org.coop4j.base.Numbers;
import org.coop4j.base.Require;
import org.coop4j.base.Settings.Setting;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.StepGraph;
import org.coop4j.data.RandomStream;
import org.coop4j.graph.Activation.Kind;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.method.Classifier;
import org.coop4j.method.Classifier.LogitGraph;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.CoOp;
import org.coop4j.method.FeatureMethod;
import org.coop4j.method.LinearHead;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.PromptEnsemble.TextPrompts;
import org.coop4j.method.Trainer;
import org.coop4j.method.Training;
import org.coop4j.weights.Shape;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * CLIP-Adapter (Gao et al.: "CLIP-Adapter: Better Vision-Language Models with Feature Adapters", IJCV 2023; the
 * reference's {@code clip_adapter.py}): an image's features are replaced by x' = ratio · relu(W₂ · relu(W₁ · x)) + (1 −
 * ratio) · x. Without biases this is positively homogeneous: the logits are the same for normalised features, which are
 * used here.
 *
 * @param ratio residual ratio, 0 to 1
 * @param prompts hand-written prompts of the text features
 */
record ClipAdapter(
        @Setting("residual ratio: the adapter's share of the image features, 0 to 1") double ratio, TextPrompts prompts)
        implements FeatureMethod {

    private static final String W1 = "fc.0.weight";
    private static final String W2 = "fc.2.weight";
    private static final String TEXT = "text";
    private static final int REDUCTION = 4;

    public ClipAdapter {
        Require.present("prompts", prompts);
        Require.share("ratio", ratio);
    }

    /** The reference's code: 0.2. */
    public ClipAdapter() {
        this(0.2, new TextPrompts());
    }

    @Override
    public About about() {
        return new About(
                "clip-adapter",
                "CLIP-Adapter (ratio " + Numbers.plain(ratio) + ")",
                "Mixes the image features with the output of two small learned layers; accepts any class names"
                        + " afterwards (Gao et al., IJCV 2023).");
    }

    @Override
    public Training training(int shots) {
        return new CoOp().training(shots);
    }

    @Override
    public Training trainingOnImageNet(int shots) {
        return new CoOp().trainingOnImageNet(shots);
    }

    @Override
    public Head start(ClassTexts texts, FewShotFeatures data, Trainer trainer) {
        FeatureMatrix text = texts.raw().normalized();
        int d = text.width();
        LearnedTensor w1 = initial(W1, hidden(d), d, trainer.seed());
        LearnedTensor w2 = initial(W2, d, hidden(d), trainer.seed());
        return new Head(file -> file.with(w1).with(w2).with(TEXT, text), w1, w2) {
            @Override
            public SDVariable loss(StepGraph step) {
                SDVariable x = step.images(); // [batch, embed]
                SDVariable hidden = relu(step, step.ops().linear(x, step.learned(W1)));
                SDVariable adapted = relu(step, step.ops().linear(hidden, step.learned(W2)));
                SDVariable mixed = step.ops().add(adapted.mul(ratio), x.mul(1 - ratio));
                SDVariable cosines = step.ops().linear(step.ops().normalizeRows(mixed), step.perClass("text", text));
                return step.crossEntropy(step.scaled(cosines));
            }
        };
    }

    private static int hidden(int width) {
        return Math.max(1, width / REDUCTION);
    }

    private static LearnedTensor initial(String name, int out, int in, long seed) {
        return LearnedTensor.uniform(RandomStream.of(seed, "initial " + name), in, name, out, in);
    }

    private static SDVariable relu(StepGraph step, SDVariable x) {
        return step.ops().activation(Kind.RELU, x);
    }

    @Override
    public Classifier read(FeatureSpace space, ClassifierFile file) throws IOException {
        int d = space.embedDim();
        file.require(Shape.of(hidden(d), d), W1);
        file.require(Shape.of(d, hidden(d)), W2);
        LinearHead.Adapter adapter = adapter(file.matrix(W1), file.matrix(W2));
        return classRows(space, file, texts -> texts.raw().normalized(), TEXT).adapted(TEXT, adapter);
    }

    private LinearHead.Adapter adapter(FeatureMatrix w1, FeatureMatrix w2) {
        return new LinearHead.Adapter() {
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
