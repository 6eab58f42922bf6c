package org.coop4j.pretrain.op;

import java.util.List;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.coop4j.graph.op.GraphOp;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * CLIP's symmetric loss (CLIP paper, figure 3): the mean of the cross-entropy of each image among
 * the batch's texts and of each text among its images, the pairs on the diagonal.
 *
 * <p>Input: logits [batch, batch], images down and texts across. Output: a scalar.
 */
public final class ContrastiveLoss extends GraphOp {

    public ContrastiveLoss() {}

    public ContrastiveLoss(SameDiff sd, SDVariable logits) {
        super(sd, logits);
    }

    @Override
    public List<long[]> outputShapes(List<long[]> in) {
        long[] logits = in.get(0);
        if (logits[0] != logits[1]) {
            throw new IllegalArgumentException(
                    logits[0] + " images for " + logits[1] + " texts: they come in pairs");
        }
        return List.of(new long[0]);
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        INDArray z = in[0];
        double total = 0;
        for (INDArray logits : new INDArray[] {z, z.transpose()}) {
            INDArray max = logits.max(true, 1);
            INDArray sum = Transforms.exp(logits.subColumnVector(max), false).sum(true, 1);
            for (int i = 0; i < z.rows(); i++) {
                total += Math.log(sum.getDouble(i)) + max.getDouble(i) - z.getDouble(i, i);
            }
        }
        out[0].assign(total / (2 * z.rows()));
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        Normalizers normalizers = new Normalizers(in[0].rows());
        return () -> {
            normalizers.of(in[0]);
            double total = 0;
            int n = in[0].rows();
            for (int i = 0; i < n; i++) {
                double paired = in[0].buffer().get(i * n + i);
                total += normalizers.rows[i] + normalizers.columns[i] - 2 * paired;
            }
            out[0].buffer().put(0, (float) (total / (2 * n)));
        };
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        return List.of(new LogitsGradient(sameDiff, gradients.get(0), arg(0)).outputVariable());
    }

    /** log Σ exp of each row and of each column. */
    private static final class Normalizers {
        final double[] rows;
        final double[] columns;
        private final double[] columnMax;
        private final float[] row;

        Normalizers(int n) {
            rows = new double[n];
            columns = new double[n];
            columnMax = new double[n];
            row = new float[n];
        }

        void of(HostMatrix z) {
            int n = rows.length;
            java.util.Arrays.fill(columnMax, Double.NEGATIVE_INFINITY);
            java.util.Arrays.fill(columns, 0);
            for (int r = 0; r < n; r++) {
                z.getRow(r, row);
                double max = Double.NEGATIVE_INFINITY;
                for (int c = 0; c < n; c++) {
                    max = Math.max(max, row[c]);
                    columnMax[c] = Math.max(columnMax[c], row[c]);
                }
                double sum = 0;
                for (int c = 0; c < n; c++) {
                    sum += Math.exp(row[c] - max);
                }
                rows[r] = Math.log(sum) + max;
            }
            for (int r = 0; r < n; r++) {
                z.getRow(r, row);
                for (int c = 0; c < n; c++) {
                    columns[c] += Math.exp(row[c] - columnMax[c]);
                }
            }
            for (int c = 0; c < n; c++) {
                columns[c] = Math.log(columns[c]) + columnMax[c];
            }
        }
    }

    /** dz = (softmax over texts + softmax over images − 2 · identity) · dloss / (2 · batch). */
    public static final class LogitsGradient extends GraphOp {

        public LogitsGradient() {}

        LogitsGradient(SameDiff sd, SDVariable dLoss, SDVariable logits) {
            super(sd, dLoss, logits);
        }

        @Override
        public List<long[]> outputShapes(List<long[]> in) {
            return List.of(in.get(1));
        }

        @Override
        public void compute(INDArray[] in, INDArray[] out) {
            INDArray z = in[1];
            INDArray images = Transforms.softmax(z.dup('c'), true);
            INDArray texts = Transforms.softmax(z.transpose().dup('c'), true).transpose();
            out[0].assign(images.add(texts));
            for (int i = 0; i < z.rows(); i++) {
                out[0].putScalar(i, i, out[0].getDouble(i, i) - 2);
            }
            out[0].muli(in[0].getDouble(0) / (2 * z.rows()));
        }

        @Override
        public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
            HostMatrix z = in[1];
            int n = z.rows();
            Normalizers normalizers = new Normalizers(n);
            float[] row = new float[n];
            return () -> {
                normalizers.of(z);
                double factor = in[0].buffer().get(0) / (2.0 * n);
                for (int r = 0; r < n; r++) {
                    z.getRow(r, row);
                    for (int c = 0; c < n; c++) {
                        double p =
                                Math.exp(row[c] - normalizers.rows[r])
                                        + Math.exp(row[c] - normalizers.columns[c]);
                        row[c] = (float) ((p - (r == c ? 2 : 0)) * factor);
                    }
                    out[0].putRow(r, row);
                }
            };
        }
    }
}
