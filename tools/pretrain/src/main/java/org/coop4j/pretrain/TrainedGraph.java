package org.coop4j.pretrain;

import java.util.stream.Stream;
import org.coop4j.graph.Graph;
import org.coop4j.graph.Graph.Grid;
import org.coop4j.pretrain.op.TrainedAveragePool;
import org.coop4j.pretrain.op.TrainedConvolution;
import org.coop4j.pretrain.op.TrainedFrontTokens;
import org.coop4j.pretrain.op.TrainedLayerNorm;
import org.nd4j.autodiff.samediff.SDVariable;

/** A graph whose image tower and layer norms have gradients in everything. */
public final class TrainedGraph extends Graph {

    @Override
    public SDVariable layerNorm(SDVariable x, SDVariable gain, SDVariable bias) {
        return new TrainedLayerNorm(sameDiff(), x, gain, bias).outputVariable();
    }

    @Override
    public SDVariable classTokens(SDVariable patches, SDVariable classEmbedding, SDVariable positions) {
        return new TrainedFrontTokens(sameDiff(), patches, positions, classEmbedding).outputVariable();
    }

    @Override
    public SDVariable meanTokens(SDVariable x, SDVariable positions) {
        return new TrainedFrontTokens(sameDiff(), x, positions).outputVariable();
    }

    @Override
    public SDVariable convolution(SDVariable x, SDVariable kernel, Grid grid, int stride, SDVariable... bias) {
        SDVariable[] inputs =
                Stream.concat(Stream.of(x, kernel), Stream.of(bias)).toArray(SDVariable[]::new);
        return new TrainedConvolution(sameDiff(), grid, stride, inputs).outputVariable();
    }

    @Override
    public SDVariable averagePool(SDVariable x, Grid grid, int size) {
        return new TrainedAveragePool(sameDiff(), x, grid, size).outputVariable();
    }
}
