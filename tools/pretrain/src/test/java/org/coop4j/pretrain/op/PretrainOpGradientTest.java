package org.coop4j.pretrain.op;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.coop4j.graph.Graph;
import org.coop4j.graph.OpGradientChecks;
import org.coop4j.graph.host.Precision;
import org.coop4j.pretrain.TrainedGraph;
import org.junit.jupiter.api.Tag;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

@Tag("portable")
class PretrainOpGradientTest extends OpGradientChecks {

    @Override
    protected Graph newGraph() {
        return new TrainedGraph(Precision.FLOAT32);
    }

    /** Sequences of 2, 1 and 4 rows, then two rows of no sequence. */
    static Stream<Case> cases() {
        List<Case> cases = new ArrayList<>();
        double[] starts = {0, 2, 3, 7};
        cases.add(new Case("ragged attention", shapes("qkv", shape(9, 3 * 6)), (g, v) -> {
            SDVariable at = numbers(v.get("qkv"), "starts", starts);
            return g.apply(new RaggedAttention(2, 4), v.get("qkv"), at);
        }));
        cases.add(
                new Case("ragged attention of end tokens", shapes("q", shape(3, 6), "kv", shape(9, 2 * 6)), (g, v) -> {
                    SDVariable at = numbers(v.get("q"), "starts", starts);
                    return g.apply(new RaggedAttention(2, 5), v.get("q"), v.get("kv"), at);
                }));
        cases.add(new Case(
                "last rows",
                shapes("x", shape(9, 4)),
                (g, v) -> g.apply(new LastRows(), v.get("x"), numbers(v.get("x"), "starts", starts))));
        cases.add(new Case(
                "embed tokens",
                shapes("table", shape(5, 4), "pos", shape(6, 4)),
                (g, v) -> g.apply(
                        new EmbedTokens(),
                        v.get("table"),
                        v.get("pos"),
                        numbers(v.get("pos"), "tokens", 1, 3, 1, 1, 4, -1, -1),
                        numbers(v.get("pos"), "places", 0, 1, 0, 1, 2, 0, 0))));
        cases.add(new Case(
                "contrastive loss",
                shapes("x", shape(5, 5)),
                (g, v) -> g.apply(new ContrastiveLoss(), v.get("x"), matrix(v.get("x"), "fits", new double[][] {
                    {1, 0, 1, 0, 0},
                    {0, 1, 0, 0, 0},
                    {1, 0, 1, 0.3, 0},
                    {0, 0, 0, 0.7, 0},
                    {0, 1, 0, 0.6, 1}
                }))));
        cases.add(new Case(
                "class loss",
                shapes("x", shape(4, 3)),
                (g, v) -> g.apply(new ClassLoss(), v.get("x"), matrix(v.get("x"), "targets", new double[][] {
                    {0, 1, 0},
                    {0, 0, 0},
                    {0.25, 0, 0.75},
                    {0, 1, 0}
                }))));
        imageCases(cases);
        return cases.stream();
    }

    /** Image towers and layer norms that are trained. */
    private static void imageCases(List<Case> cases) {
        cases.add(new Case(
                "layer norm",
                shapes("x", shape(7, 9), "gain", shape(9), "bias", shape(9)),
                (g, v) -> g.layerNorm(v.get("x"), v.get("gain"), v.get("bias"), 1e-5)));
        cases.add(new Case(
                "class tokens",
                shapes("x", shape(8, 3), "cls", shape(3), "pos", shape(5, 3)),
                (g, v) -> g.frontTokens(v.get("x"), v.get("pos"), v.get("cls"))));
        cases.add(new Case(
                "linear",
                shapes("x", shape(7, 5), "w", shape(4, 5), "b", shape(4)),
                (g, v) -> g.linear(v.get("x"), v.get("w"), v.get("b"))));
        cases.add(new Case(
                "projection", shapes("x", shape(7, 5), "w", shape(5, 4)), (g, v) -> g.project(v.get("x"), v.get("w"))));
    }

    private static SDVariable matrix(SDVariable like, String name, double[][] values) {
        INDArray array = Nd4j.createFromArray(values).castTo(like.dataType());
        return like.getSameDiff().constant(name, array);
    }

    private static SDVariable numbers(SDVariable like, String name, double... values) {
        INDArray array = Nd4j.createFromArray(values).castTo(like.dataType());
        return like.getSameDiff().constant(name, array);
    }
}
