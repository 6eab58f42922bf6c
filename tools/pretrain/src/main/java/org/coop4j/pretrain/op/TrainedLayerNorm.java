package org.coop4j.pretrain.op;

import java.util.Arrays;
import java.util.List;
import org.coop4j.graph.GraphOp;
import org.coop4j.graph.LayerNorm;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;

/** A layer norm whose gain and bias are trained. */
public final class TrainedLayerNorm extends LayerNorm {

    public TrainedLayerNorm() {
        super(Precision.FLOAT32);
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        SDVariable[] weights = new WeightGradient().outputsOf(gradients.get(0), arg(0));
        return List.of(super.doDiff(gradients).get(0), weights[0], weights[1]);
    }

    /** dgain = Σ dy · x̂ and dbias = Σ dy over the rows. */
    private static final class WeightGradient extends GraphOp {

        @Override
        public int getNumOutputs() {
            return 2;
        }

        @Override
        public List<long[]> outputShapes(List<long[]> in) {
            long[] width = {in.get(0)[1]};
            return List.of(width, width.clone());
        }

        @Override
        public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
            HostMatrix dy = in[0];
            HostMatrix x = in[1];
            int n = x.cols();
            int parts = workers.count();
            float[][] dyRows = new float[parts][n];
            float[][] xRows = new float[parts][n];
            float[][] gains = new float[parts][n];
            float[][] biases = new float[parts][n];
            Workers.RowRange range = (part, from, to) -> {
                for (int r = from; r < to; r++) {
                    dy.getRow(r, dyRows[part]);
                    x.getRow(r, xRows[part]);
                    float inverse = centre(xRows[part], n);
                    addRow(dyRows[part], xRows[part], inverse, gains[part], biases[part], n);
                }
            };
            return () -> {
                for (int part = 0; part < parts; part++) {
                    Arrays.fill(gains[part], 0f);
                    Arrays.fill(biases[part], 0f);
                }
                workers.rows(x.rows(), range);
                for (int part = 1; part < parts; part++) {
                    for (int i = 0; i < n; i++) {
                        gains[0][i] += gains[part][i];
                        biases[0][i] += biases[part][i];
                    }
                }
                out[0].putRow(0, gains[0]);
                out[1].putRow(0, biases[0]);
            };
        }

        private static void addRow(float[] dy, float[] centred, float inverse, float[] gain, float[] bias, int n) {
            for (int i = 0; i < n; i++) {
                gain[i] += dy[i] * centred[i] * inverse;
                bias[i] += dy[i];
            }
        }
    }
}
