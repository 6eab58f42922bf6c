package org.coop4j.pretrain;

import java.util.stream.Stream;
import org.coop4j.graph.Activation;
import org.coop4j.graph.AttentionLayout;
import org.coop4j.graph.Graph;
import org.coop4j.graph.host.Gemm;
import org.coop4j.graph.host.Precision;
import org.coop4j.pretrain.op.TrainedFrontTokens;
import org.coop4j.pretrain.op.TrainedLinear;
import org.nd4j.autodiff.samediff.SDVariable;

/** A graph whose image tower and linear layers have gradients in everything. */
public final class TrainedGraph extends Graph {

    private final Precision precision;

    /**
     * @param precision of the factors of linear layers; with bfloat16, oneDNN computes what is between them, in float32
     */
    public TrainedGraph(Precision precision) {
        this.precision = precision;
    }

    @Override
    public SDVariable linear(SDVariable x, SDVariable w, SDVariable... bias) {
        return apply(new TrainedLinear(Gemm.Form.NT, precision), operands(x, w, bias));
    }

    @Override
    public SDVariable project(SDVariable x, SDVariable w, SDVariable... bias) {
        return apply(new TrainedLinear(Gemm.Form.NN, precision), operands(x, w, bias));
    }

    @Override
    public SDVariable layerNorm(SDVariable x, SDVariable gain, SDVariable bias, double epsilon) {
        return in(precision).layerNorm(x, gain, bias, epsilon);
    }

    @Override
    public SDVariable activation(Activation.Kind kind, SDVariable x) {
        return in(precision).activation(kind, x);
    }

    @Override
    public SDVariable attention(AttentionLayout layout, SDVariable... inputs) {
        return in(precision).attention(layout, inputs);
    }

    @Override
    public SDVariable frontTokens(SDVariable x, SDVariable positions, SDVariable... classEmbedding) {
        return apply(new TrainedFrontTokens(), operands(x, positions, classEmbedding));
    }

    private static SDVariable[] operands(SDVariable x, SDVariable w, SDVariable... bias) {
        return Stream.concat(Stream.of(x, w), Stream.of(bias)).toArray(SDVariable[]::new);
    }
}
