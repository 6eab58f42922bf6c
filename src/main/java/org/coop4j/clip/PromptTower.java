package org.coop4j.clip;

import java.util.List;
import java.util.function.Function;
import org.coop4j.graph.ExecutionPlan;
import org.coop4j.graph.Graph;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The frozen text tower over prompts with learnable context vectors: class features, and the loss
 * of a batch of image features with its gradient in the context (CoOp, section 3.2).
 *
 * <p>logits = exp(logit_scale) · images · textsᵀ, both normalised; the loss is their mean
 * cross-entropy. Only the context has a gradient.
 */
public final class PromptTower {

    private final NativeWeights weights;
    private final Function<Parameters, TextTransformer> tower;
    private final PackedPrompts prompts;
    private final Workers workers;
    private final INDArray context;
    private final HostMatrix contextMatrix;
    private ExecutionPlan featurePlan;
    private ExecutionPlan lossPlan;
    private int lossBatch;

    PromptTower(
            NativeWeights weights,
            Function<Parameters, TextTransformer> tower,
            PackedPrompts prompts,
            int vectors,
            Workers workers) {
        this.weights = weights;
        this.tower = tower;
        this.prompts = prompts;
        this.workers = workers;
        int width = new TokenEmbedding(weights).width();
        this.context = Nd4j.create(DataType.FLOAT, vectors, width);
        this.contextMatrix = HostMatrix.of(context);
    }

    /** Number of classes, one prompt each. */
    public int classes() {
        return prompts.layout().sequences();
    }

    /** Number of context vectors of all classes together. */
    public int vectors() {
        return contextMatrix.rows();
    }

    /** Width of a context vector. */
    public int width() {
        return contextMatrix.cols();
    }

    /** Sets the context vectors, row after row [vectors, width]. */
    public void setContext(float[] values) {
        contextMatrix.buffer().put(0, values, 0, vectors() * width());
    }

    /** Features of the classes' prompts, not normalised, in the order of the prompts. */
    public FeatureMatrix features() {
        if (featurePlan == null) {
            Graph graph = Graph.create();
            features(graph).rename("features");
            featurePlan = graph.plan(List.of("features"), workers);
        }
        featurePlan.run();
        HostMatrix features = HostMatrix.of(featurePlan.output("features"));
        int[] sequences = prompts.sequenceOfPrompt();
        float[] result = new float[sequences.length * features.cols()];
        float[] row = new float[features.cols()];
        for (int i = 0; i < sequences.length; i++) {
            features.getRow(sequences[i], row);
            System.arraycopy(row, 0, result, i * row.length, row.length);
        }
        return FeatureMatrix.of(sequences.length, features.cols(), result);
    }

    /** Class features in the order of the packed sequences, [classes, embed]. */
    private SDVariable features(Graph graph) {
        Parameters parameters = new FrozenParameters(graph, weights);
        SDVariable ctx = graph.variable("ctx", context); // [vectors, width]
        SDVariable base =
                graph.constant("base", new TokenEmbedding(weights).embed(prompts)); // [rows, width]
        SDVariable x = placeContext(graph, ctx, base); // [rows, width]
        return tower.apply(parameters).forward(x, prompts.layout()); // [classes, embed]
    }

    private SDVariable placeContext(Graph graph, SDVariable ctx, SDVariable base) {
        int[] rows =
                java.util.stream.IntStream.range(0, prompts.rows())
                        .filter(row -> PackedPrompts.isContext(prompts.piece(row)))
                        .toArray();
        int[] vectors =
                java.util.Arrays.stream(rows)
                        .map(row -> PackedPrompts.contextIndex(prompts.piece(row)))
                        .toArray();
        return graph.placeContext(ctx, base, rows, vectors);
    }

    /**
     * Computes the loss of a batch, its gradient and the logits.
     *
     * @param images normalised image features, row after row [batch, embed]
     * @param labels class of each image, by the order of the prompts
     */
    public Step step(float[] images, int[] labels) {
        prepare(labels.length);
        int[] sequences = prompts.sequenceOfPrompt();
        HostMatrix x = HostMatrix.of(lossPlan.input("images"));
        if (images.length != x.rows() * x.cols()) {
            throw new IllegalArgumentException(
                    images.length + " values for " + x.rows() + " features of " + x.cols());
        }
        x.buffer().put(0, images, 0, images.length);
        HostMatrix y = HostMatrix.of(lossPlan.input("labels"));
        for (int i = 0; i < labels.length; i++) {
            y.buffer().put(i, sequences[labels[i]]);
        }
        lossPlan.run();
        return new Step(lossPlan, sequences, labels);
    }

    /** Plans steps of {@code batch} images, which otherwise happens at the first of them. */
    public void prepare(int batch) {
        if (lossPlan != null && lossBatch == batch) {
            return;
        }
        Graph graph = Graph.create();
        int embed = Math.toIntExact(weights.get("text_projection").size(1));
        SDVariable texts = graph.normalizeRows(features(graph)); // [classes, embed]
        SDVariable images = graph.placeholder("images", DataType.FLOAT, batch, embed);
        SDVariable labels = graph.placeholder("labels", DataType.FLOAT, batch);
        SDVariable scale = graph.constant("logit_scale", weights.get("logit_scale"));
        SDVariable logits = graph.expScale(graph.linear(images, texts), scale); // [batch, classes]
        logits = logits.rename("logits");
        SDVariable loss = graph.crossEntropy(logits, labels).rename("loss");
        graph.differentiate(loss);
        lossPlan = graph.gradientPlan(List.of("loss", "logits"), List.of("ctx"), workers);
        lossBatch = batch;
    }

    /** The plan of a step, for measuring; needs {@link #prepare}. */
    public ExecutionPlan stepPlan() {
        return lossPlan;
    }

    /** What a step computed; valid until the next one. */
    public static final class Step {

        private final ExecutionPlan plan;
        private final int[] sequences;
        private final int[] labels;

        private Step(ExecutionPlan plan, int[] sequences, int[] labels) {
            this.plan = plan;
            this.sequences = sequences;
            this.labels = labels;
        }

        /** Mean cross-entropy of the batch. */
        public float loss() {
            return plan.output("loss").getFloat(0);
        }

        /** Copies the gradient of the context, [vectors, width], into {@code target}. */
        public void gradient(float[] target) {
            HostMatrix gradient = HostMatrix.of(plan.output(Graph.gradientName("ctx")));
            gradient.buffer().get(0, target, 0, gradient.rows() * gradient.cols());
        }

        /** The logits of image {@code row}, by the order of the prompts. */
        public float[] logits(int row) {
            HostMatrix logits = HostMatrix.of(plan.output("logits"));
            float[] bySequence = new float[logits.cols()];
            logits.getRow(row, bySequence);
            float[] byClass = new float[bySequence.length];
            for (int c = 0; c < byClass.length; c++) {
                byClass[c] = bySequence[sequences[c]];
            }
            return byClass;
        }

        /** Share of the batch whose largest logit is the label's, 0 to 1. */
        public double accuracy() {
            int correct = 0;
            for (int i = 0; i < labels.length; i++) {
                float[] z = logits(i);
                int best = 0;
                for (int c = 1; c < z.length; c++) {
                    best = z[c] > z[best] ? c : best;
                }
                correct += best == labels[i] ? 1 : 0;
            }
            return (double) correct / labels.length;
        }
    }
}
