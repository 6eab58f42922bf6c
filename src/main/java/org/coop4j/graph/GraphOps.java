package org.coop4j.graph;

import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.coop4j.graph.op.Activation;
import org.coop4j.graph.op.Add;
import org.coop4j.graph.op.Attention;
import org.coop4j.graph.op.AveragePool;
import org.coop4j.graph.op.BatchNorm;
import org.coop4j.graph.op.ClassTokens;
import org.coop4j.graph.op.ContrastiveLoss;
import org.coop4j.graph.op.Convolution;
import org.coop4j.graph.op.CrossEntropy;
import org.coop4j.graph.op.EmbedTokens;
import org.coop4j.graph.op.ExpScale;
import org.coop4j.graph.op.GraphOp;
import org.coop4j.graph.op.InnerProduct;
import org.coop4j.graph.op.LastRows;
import org.coop4j.graph.op.LayerNorm;
import org.coop4j.graph.op.Linear;
import org.coop4j.graph.op.MeanTokens;
import org.coop4j.graph.op.NormalizeRows;
import org.coop4j.graph.op.Patches;
import org.coop4j.graph.op.PixelRows;
import org.coop4j.graph.op.PlaceContext;
import org.coop4j.graph.op.RaggedAttention;
import org.coop4j.graph.op.SelectRows;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.imports.converters.ImportClassMapping;

/** Makes SameDiff know the ops of this project. */
final class GraphOps {

    private GraphOps() {}

    private static List<GraphOp> all() {
        return List.of(
                new Activation(),
                new Activation.InputGradient(),
                new Add(),
                new Attention(),
                new Attention.InputGradient(),
                new AveragePool(),
                new AveragePool.InputGradient(),
                new BatchNorm(),
                new BatchNorm.Gradient(),
                new ClassTokens(),
                new ClassTokens.InputGradient(),
                new ContrastiveLoss(),
                new ContrastiveLoss.LogitsGradient(),
                new Convolution(),
                new Convolution.InputGradient(),
                new Convolution.KernelGradient(),
                new CrossEntropy(),
                new CrossEntropy.LogitsGradient(),
                new EmbedTokens(),
                new EmbedTokens.WeightGradient(),
                new ExpScale(),
                new ExpScale.ScaleGradient(),
                new InnerProduct(),
                new InnerProduct.Pulled(),
                new LastRows(),
                new LastRows.InputGradient(),
                new LayerNorm(),
                new LayerNorm.InputGradient(),
                new LayerNorm.WeightGradient(),
                new Linear(),
                new Linear.InputGradient(),
                new Linear.WeightGradient(),
                new Linear.BiasGradient(),
                new MeanTokens(),
                new MeanTokens.InputGradient(),
                new NormalizeRows(),
                new NormalizeRows.InputGradient(),
                new Patches(),
                new PixelRows(),
                new PlaceContext(),
                new PlaceContext.ContextGradient(),
                new RaggedAttention(),
                new RaggedAttention.InputGradient(),
                new SelectRows(),
                new SelectRows.InputGradient());
    }

    /**
     * Registers the ops by name, so that SameDiff can clone a graph for its gradient function, and
     * a session that runs them. Doing it again changes nothing.
     *
     * @throws IllegalStateException if the backend cannot run on the device
     */
    static synchronized void register() {
        Backend.loaded();
        for (GraphOp op : all()) {
            ImportClassMapping.getOpNameMapping().putIfAbsent(op.opName(), op);
        }
        if (!(SameDiff.getInferenceFactory() instanceof GraphSession.Factory)) {
            SameDiff.bindInferenceFactory(new GraphSession.Factory());
        }
    }

    /**
     * Runs {@code work} with System.out closed: {@code createGradFunction} of M2.1 prints a line
     * for each op it differentiates.
     */
    static synchronized void quietly(Runnable work) {
        PrintStream terminal = System.out;
        System.setOut(
                new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8));
        try {
            work.run();
        } finally {
            System.setOut(terminal);
        }
    }
}
