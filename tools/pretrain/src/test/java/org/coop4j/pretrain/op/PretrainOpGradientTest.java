package org.coop4j.pretrain.op;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.coop4j.graph.OpGradientChecks;
import org.junit.jupiter.api.Tag;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

@Tag("portable")
class PretrainOpGradientTest extends OpGradientChecks {

    /** Sequences of 2, 1 and 4 rows, then two rows of no sequence. */
    static Stream<Case> cases() {
        List<Case> cases = new ArrayList<>();
        double[] starts = {0, 2, 3, 7};
        cases.add(
                new Case(
                        "ragged attention",
                        shapes("qkv", shape(9, 3 * 6)),
                        (g, v) -> {
                            SDVariable at = numbers(v.get("qkv"), "starts", starts);
                            return new RaggedAttention(g.sameDiff(), 2, 4, v.get("qkv"), at)
                                    .outputVariables()[0];
                        }));
        cases.add(
                new Case(
                        "ragged attention of end tokens",
                        shapes("q", shape(3, 6), "kv", shape(9, 2 * 6)),
                        (g, v) -> {
                            SDVariable at = numbers(v.get("q"), "starts", starts);
                            return new RaggedAttention(
                                            g.sameDiff(), 2, 5, v.get("q"), v.get("kv"), at)
                                    .outputVariables()[0];
                        }));
        cases.add(
                new Case(
                        "last rows",
                        shapes("x", shape(9, 4)),
                        (g, v) ->
                                new LastRows(
                                                g.sameDiff(),
                                                v.get("x"),
                                                numbers(v.get("x"), "starts", starts))
                                        .outputVariable()));
        cases.add(
                new Case(
                        "embed tokens",
                        shapes("table", shape(5, 4), "pos", shape(6, 4)),
                        (g, v) ->
                                new EmbedTokens(
                                                g.sameDiff(),
                                                v.get("table"),
                                                v.get("pos"),
                                                numbers(
                                                        v.get("pos"),
                                                        "tokens",
                                                        1,
                                                        3,
                                                        1,
                                                        1,
                                                        4,
                                                        -1,
                                                        -1),
                                                numbers(
                                                        v.get("pos"),
                                                        "places",
                                                        0,
                                                        1,
                                                        0,
                                                        1,
                                                        2,
                                                        0,
                                                        0))
                                        .outputVariable()));
        cases.add(
                new Case(
                        "contrastive loss",
                        shapes("x", shape(5, 5)),
                        (g, v) ->
                                new ContrastiveLoss(
                                                g.sameDiff(),
                                                v.get("x"),
                                                square(
                                                        v.get("x"),
                                                        "fits",
                                                        new double[][] {
                                                            {1, 0, 1, 0, 0},
                                                            {0, 1, 0, 0, 0},
                                                            {1, 0, 1, 1, 0},
                                                            {0, 0, 0, 1, 0},
                                                            {0, 1, 0, 0, 1}
                                                        }))
                                        .outputVariable()));
        for (BatchNorm.Then then : BatchNorm.Then.values()) {
            cases.add(
                    new Case(
                            "batch norm, then " + then,
                            shapes("x", shape(24, 5), "gain", shape(5), "bias", shape(5)),
                            (g, v) ->
                                    new BatchNorm(
                                                    g.sameDiff(),
                                                    then,
                                                    v.get("x"),
                                                    v.get("gain"),
                                                    v.get("bias"))
                                            .outputVariables()[0]));
        }
        return cases.stream();
    }

    private static SDVariable square(SDVariable like, String name, double[][] values) {
        INDArray array = Nd4j.createFromArray(values).castTo(like.dataType());
        return like.getSameDiff().constant(name, array);
    }

    private static SDVariable numbers(SDVariable like, String name, double... values) {
        INDArray array = Nd4j.createFromArray(values).castTo(like.dataType());
        return like.getSameDiff().constant(name, array);
    }
}
