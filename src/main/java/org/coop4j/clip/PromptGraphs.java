package org.coop4j.clip;

import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.coop4j.graph.Graph;
import org.coop4j.graph.PlanDraft;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The graphs of a prompt tower: context vectors to class features, class features to the loss, and
 * both at once.
 */
final class PromptGraphs {

    private final NativeWeights weights;
    private final Function<Parameters, TextTransformer> tower;
    private final int heads;
    private final Workers workers;
    private final TokenEmbedding embedding;
    private final INDArray context;

    /**
     * @param heads attention heads of the text tower
     * @param vectors number of context vectors
     */
    PromptGraphs(
            NativeWeights weights,
            Function<Parameters, TextTransformer> tower,
            int heads,
            int vectors,
            Workers workers) {
        this.weights = weights;
        this.tower = tower;
        this.heads = heads;
        this.workers = workers;
        this.embedding = new TokenEmbedding(weights);
        this.context = Nd4j.create(DataType.FLOAT, vectors, embedding.width());
    }

    /** The context vectors that all graphs read, [vectors, width]. */
    HostMatrix context() {
        return HostMatrix.of(context);
    }

    /** Width of a feature. */
    int embed() {
        return Math.toIntExact(weights.get("text_projection").size(1));
    }

    PackedPrompts pack(List<int[]> prompts) {
        return PackedPrompts.of(prompts, heads);
    }

    /** Context → "features" [classes, embed], not normalised, in the order of the sequences. */
    PlanDraft features(PackedPrompts prompts) {
        Graph graph = Graph.create();
        features(graph, prompts).rename("features");
        return graph.draft(List.of("features"), workers);
    }

    /** Context, "images" and "labels" → "loss", "logits" and the gradient of "ctx". */
    PlanDraft loss(PackedPrompts prompts, int batch) {
        Graph graph = Graph.create();
        SDVariable loss = loss(graph, features(graph, prompts), batch);
        graph.differentiate(loss);
        return graph.gradientDraft(List.of("loss", "logits"), List.of("ctx"), workers);
    }

    /**
     * "features", "images" and "labels" → "loss", "logits" and the gradient of "features".
     *
     * @param features where the class features are put, [classes, embed]
     */
    PlanDraft lossOfFeatures(INDArray features, int batch) {
        Graph graph = Graph.create();
        SDVariable loss = loss(graph, graph.variable("features", features), batch);
        graph.differentiate(loss);
        return graph.gradientDraft(List.of("loss", "logits"), List.of("features"), workers);
    }

    /** Context and "pull", the gradient of the class features → the gradient of "ctx". */
    PlanDraft pulledBack(PackedPrompts prompts) {
        Graph graph = Graph.create();
        SDVariable features = features(graph, prompts); // [classes, embed]
        SDVariable pull =
                graph.placeholder("pull", DataType.FLOAT, prompts.layout().sequences(), embed());
        graph.differentiate(graph.innerProduct(features, pull));
        return graph.gradientDraft(List.of(), List.of("ctx"), workers);
    }

    private SDVariable features(Graph graph, PackedPrompts prompts) {
        Parameters parameters = new FrozenParameters(graph, weights);
        SDVariable ctx = graph.variable("ctx", context); // [vectors, width]
        SDVariable base = graph.constant("base", embedding.embed(prompts)); // [rows, width]
        int[] rows =
                IntStream.range(0, prompts.rows())
                        .filter(row -> PackedPrompts.isContext(prompts.piece(row)))
                        .toArray();
        int[] vectors =
                Arrays.stream(rows)
                        .map(row -> PackedPrompts.contextIndex(prompts.piece(row)))
                        .toArray();
        SDVariable x = graph.placeContext(ctx, base, rows, vectors); // [rows, width]
        return tower.apply(parameters).forward(x, prompts.layout()); // [classes, embed]
    }

    private SDVariable loss(Graph graph, SDVariable features, int batch) {
        SDVariable texts = graph.normalizeRows(features); // [classes, embed]
        SDVariable images = graph.placeholder("images", DataType.FLOAT, batch, embed());
        SDVariable labels = graph.placeholder("labels", DataType.FLOAT, batch);
        SDVariable scale = graph.constant("logit_scale", weights.get("logit_scale"));
        SDVariable logits = graph.expScale(graph.linear(images, texts), scale); // [batch, classes]
        logits = logits.rename("logits");
        return graph.crossEntropy(logits, labels).rename("loss");
    }
}
