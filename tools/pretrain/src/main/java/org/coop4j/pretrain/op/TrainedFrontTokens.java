package org.coop4j.pretrain.op;

import java.util.Arrays;
import java.util.List;
import org.coop4j.graph.FrontTokens;
import org.coop4j.graph.GraphOp;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;

/** Patches with a class token in front, with gradients in the patches, the positions and the class embedding. */
public final class TrainedFrontTokens extends FrontTokens {

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        return List.of(new InputGradient().outputsOf(beforeInputs(gradients.get(0))));
    }

    /**
     * Gradient, whose forward inputs give the shapes alone: dpositions = Σ dy over the images, dclass its first row, and
     * dpatches = dy of the patch's token.
     */
    private static final class InputGradient extends GraphOp {

        @Override
        public int getNumOutputs() {
            return 3;
        }

        @Override
        public List<long[]> outputShapes(List<long[]> in) {
            return in.subList(1, in.size());
        }

        @Override
        public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
            HostMatrix dy = in[0];
            int tokens = in[2].rows();
            int width = dy.cols();
            int batch = dy.rows() / tokens;
            float[][] rows = new float[workers.count()][width];
            float[][] others = new float[workers.count()][width];
            Workers.RowRange ofPatches = (part, from, to) -> {
                for (int image = from; image < to; image++) {
                    for (int token = 1; token < tokens; token++) {
                        dy.getRow(image * tokens + token, rows[part]);
                        out[0].putRow(image * (tokens - 1) + token - 1, rows[part]);
                    }
                }
            };
            Workers.RowRange ofPositions = (part, from, to) -> {
                for (int token = from; token < to; token++) {
                    Arrays.fill(others[part], 0f);
                    for (int image = 0; image < batch; image++) {
                        dy.getRow(image * tokens + token, rows[part]);
                        add(others[part], rows[part]);
                    }
                    out[1].putRow(token, others[part]);
                    if (token == 0) {
                        out[2].putRow(0, others[part]);
                    }
                }
            };
            return () -> {
                workers.rows(batch, ofPatches);
                workers.rows(tokens, ofPositions);
            };
        }

        private static void add(float[] sum, float[] row) {
            for (int i = 0; i < sum.length; i++) {
                sum[i] += row[i];
            }
        }
    }
}
