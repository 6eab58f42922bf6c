package org.coop4j.method;

import java.io.IOException;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.StepGraph;
import org.coop4j.data.RandomStream;
import org.coop4j.eval.Numbers;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.graph.op.Activation.Kind;
import org.coop4j.train.Setting;
import org.coop4j.train.Training;
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
        @Setting("residual ratio: the adapter's share of the image features, 0 to 1") double ratio,
        TextPrompts prompts)
        implements Method {

    private static final String W1 = "fc.0.weight";
    private static final String W2 = "fc.2.weight";
    private static final String TEXT = "text";
    private static final int REDUCTION = 4;

    public ClipAdapter {
        if (!(ratio >= 0 && ratio <= 1)) {
            throw new IllegalArgumentException("ratio: expected 0 to 1, got " + ratio);
        }
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
                images -> task.classNames().size() + clip.architecture().embedDim() / 2.0,
                (data, fit) -> {
                    FeatureMatrix text = text(clip, used, task.classNames());
                    int d = text.width();
                    int hidden = Math.max(1, d / REDUCTION);
                    LearnedTensor w1 = initial(W1, hidden, d, task.seed());
                    LearnedTensor w2 = initial(W2, d, hidden, task.seed());
                    return new Adapter(w1, w2, text, ratio) {
                        @Override
                        public Classifier classifier() throws IOException {
                            Method method = TextPrompts.used(ClipAdapter.this, used);
                            String model = clip.model().sha256();
                            return ClipAdapter.this.classifier(
                                    clip,
                                    ClassifierFile.of(method, task.classNames(), model)
                                            .with(W1, Shape.of(hidden, d), w1.values())
                                            .with(W2, Shape.of(d, hidden), w2.values())
                                            .with(TEXT, Shape.of(text.rows(), d), text.toArray()),
                                    used);
                        }
                    };
                });
    }

    private static FeatureMatrix text(Clip clip, PromptEnsemble used, List<String> names) {
        return used.rawWeights(clip, names).normalized();
    }

    /** A linear layer as PyTorch begins with it: U(−1/√in, 1/√in). */
    private static LearnedTensor initial(String name, int out, int in, long seed) {
        SplittableRandom random = RandomStream.of(seed, "initial " + name);
        float[] values = new float[Math.multiplyExact(out, in)];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) ((2 * random.nextDouble() - 1) / Math.sqrt(in));
        }
        return LearnedTensor.of(name, values, out, in);
    }

    /** The two layers that are learned. */
    abstract static class Adapter implements FeatureLearner.Model {

        private final LearnedTensor w1;
        private final LearnedTensor w2;
        private final FeatureMatrix text;
        private final double ratio;

        /**
         * @param w1 [hidden, embed]
         * @param w2 [embed, hidden]
         * @param text normalised text features
         */
        Adapter(LearnedTensor w1, LearnedTensor w2, FeatureMatrix text, double ratio) {
            this.w1 = w1;
            this.w2 = w2;
            this.text = text;
            this.ratio = ratio;
        }

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
            SDVariable cosines =
                    step.ops().linear(step.ops().normalizeRows(mixed), step.perClass("text", text));
            return step.crossEntropy(step.scaled(cosines));
        }

        private static SDVariable relu(StepGraph step, SDVariable x) {
            return step.ops().activation(Kind.RELU, x);
        }
    }

    private Classifier classifier(Clip clip, ClassifierFile file, PromptEnsemble used) {
        FeatureMatrix w1 = matrix(file, W1);
        FeatureMatrix w2 = matrix(file, W2);
        CosineClassifier cosines =
                new CosineClassifier(
                        file,
                        matrix(file, TEXT),
                        clip.logitScale(),
                        names -> {
                            float[] text = text(clip, used, names).toArray();
                            Shape shape = Shape.of(names.size(), w1.width());
                            return classifier(
                                    clip, file.withClassNames(names).with(TEXT, shape, text), used);
                        });
        return new Adapted(cosines, w1, w2, ratio);
    }

    private static FeatureMatrix matrix(ClassifierFile file, String name) {
        ClassifierFile.Tensor tensor = file.tensor(name);
        int rows = Math.toIntExact(tensor.shape().dim(0));
        return FeatureMatrix.of(rows, tensor.values().length / rows, tensor.values());
    }

    /** Cosines of adapted features. */
    private record Adapted(
            CosineClassifier cosines, FeatureMatrix w1, FeatureMatrix w2, double ratio)
            implements Classifier {

        @Override
        public List<String> classNames() {
            return cosines.classNames();
        }

        @Override
        public FeatureMatrix logits(FeatureMatrix images) {
            return cosines.logits(adapt(images.normalized(), w1, w2, ratio));
        }

        @Override
        public <T> T logits(LogitGraph<T> graph, T images) {
            T x = graph.unit(images);
            T hidden = graph.rectified(graph.product(x, w1));
            T adapted = graph.rectified(graph.product(hidden, w2));
            return cosines.logits(
                    graph, graph.plus(graph.times(adapted, ratio), graph.times(x, 1 - ratio)));
        }

        @Override
        public Classifier forClasses(List<String> names) {
            return names.equals(classNames()) ? this : cosines.forClasses(names);
        }

        @Override
        public ClassifierFile save() {
            return cosines.save();
        }
    }

    /** Images mixed with what the adapter makes of them. */
    static FeatureMatrix adapt(
            FeatureMatrix images, FeatureMatrix w1, FeatureMatrix w2, double ratio) {
        int width = images.width();
        FeatureMatrix hidden = rectified(images, w1);
        FeatureMatrix adapted = rectified(hidden, w2);
        float[] mixed = new float[Math.multiplyExact(images.rows(), width)];
        for (int i = 0; i < mixed.length; i++) {
            mixed[i] =
                    (float)
                            (ratio * adapted.get(i / width, i % width)
                                    + (1 - ratio) * images.get(i / width, i % width));
        }
        return FeatureMatrix.of(images.rows(), width, mixed);
    }

    private static FeatureMatrix rectified(FeatureMatrix x, FeatureMatrix w) {
        float[] y = new float[Math.multiplyExact(x.rows(), w.rows())];
        IntStream.range(0, x.rows())
                .parallel()
                .forEach(
                        i -> {
                            for (int j = 0; j < w.rows(); j++) {
                                y[i * w.rows() + j] = Math.max(0, x.dot(i, w, j));
                            }
                        });
        return FeatureMatrix.of(x.rows(), w.rows(), y);
    }

    @Override
    public Classifier read(Clip clip, ClassifierFile file) throws IOException {
        int d = clip.architecture().embedDim();
        int hidden = Math.max(1, d / REDUCTION);
        file.require(W1, Shape.of(hidden, d));
        file.require(W2, Shape.of(d, hidden));
        file.require(TEXT, Shape.of(file.classNames().size(), d));
        return classifier(clip, file, prompts.ofFile());
    }
}
