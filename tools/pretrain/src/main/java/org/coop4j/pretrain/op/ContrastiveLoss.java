package org.coop4j.pretrain.op;

import java.util.Arrays;
import java.util.List;
import org.coop4j.graph.Graph;
import org.coop4j.graph.GraphOp;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * CLIP's symmetric loss (CLIP paper, figure 3) with all texts of a batch that fit an image as its
 * targets, in shares of how well they fit: the mean of the cross-entropy of each image among the batch's texts and
 * of each text among its images.
 *
 * <p>With the pairs on the diagonal as the only ones that fit it is CLIP's own loss; with texts
 * that fit several images it is that of Yang and others, "Unified Contrastive Learning in
 * Image-Text-Label Space" (CVPR 2022), equation 3.
 *
 * <p>Inputs: logits [batch, batch], images down and texts across; how well they fit, of the same
 * shape, 0 or more, no row and no column 0. Output: a scalar. The second input has no gradient.
 */
public final class ContrastiveLoss extends GraphOp {

    @Override
    public List<long[]> outputShapes(List<long[]> in) {
        long[] logits = in.get(0);
        if (logits[0] != logits[1]) {
            throw new IllegalArgumentException(logits[0] + " images for " + logits[1] + " texts: they come in pairs");
        }
        if (!Arrays.equals(logits, in.get(1))) {
            throw new IllegalArgumentException("logits %s and pairs that fit %s: both are [batch, batch]"
                    .formatted(Arrays.toString(logits), Arrays.toString(in.get(1))));
        }
        return List.of(new long[0]);
    }

    @Override
    protected SDVariable expression(Graph graph, SDVariable... in) {
        long pairs = graph.shape(in[0])[0];
        SDVariable ofImages = crossEntropies(in[0], in[1]);
        SDVariable ofTexts = crossEntropies(in[0].permute(1, 0), in[1].permute(1, 0));
        return ofImages.add(ofTexts).div(2.0 * pairs);
    }

    /** Returns the sum of the rows' cross-entropies, each with shares of what fits. */
    private static SDVariable crossEntropies(SDVariable logits, SDVariable fits) {
        SDVariable shares = fits.div(fits.sum(true, 1));
        return shares.mul(logits.getSameDiff().nn().logSoftmax(logits)).sum().neg();
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        int n = in[0].rows();
        Normalizers normalizers = new Normalizers(n);
        Targets targets = new Targets(n);
        float[] row = new float[n];
        return () -> {
            normalizers.of(in[0]);
            targets.of(in[1]);
            double total = 0;
            for (int r = 0; r < n; r++) {
                in[0].getRow(r, row);
                targets.setRow(r);
                total += normalizers.rows[r] + normalizers.columns[r];
                for (int c = 0; c < n; c++) {
                    total -= targets.row[c] * row[c];
                }
            }
            out[0].buffer().put(0, (float) (total / (2 * n)));
        };
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        return List.of(new LogitsGradient().of(gradients.get(0), arg(0), arg(1)));
    }

    /** The targets, row by row. */
    private static final class Targets {
        final double[] row;
        private final double[] ofImage;
        private final double[] ofText;
        private final float[] fits;
        private HostMatrix all;

        Targets(int n) {
            row = new double[n];
            ofImage = new double[n];
            ofText = new double[n];
            fits = new float[n];
        }

        void of(HostMatrix matrix) {
            all = matrix;
            Arrays.fill(ofImage, 0);
            Arrays.fill(ofText, 0);
            for (int r = 0; r < row.length; r++) {
                all.getRow(r, fits);
                for (int c = 0; c < row.length; c++) {
                    ofImage[r] += fits[c];
                    ofText[c] += fits[c];
                }
            }
        }

        void setRow(int r) {
            all.getRow(r, fits);
            for (int c = 0; c < row.length; c++) {
                row[c] = fits[c] / ofImage[r] + fits[c] / ofText[c];
            }
        }
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
            Arrays.fill(columnMax, Double.NEGATIVE_INFINITY);
            Arrays.fill(columns, 0);
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

    /** dz = (softmax over texts + softmax over images − targets) · dloss / (2 · batch). */
    private static final class LogitsGradient extends GraphOp {

        @Override
        public List<long[]> outputShapes(List<long[]> in) {
            return in.subList(1, 2);
        }

        @Override
        public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
            HostMatrix z = in[1];
            int n = z.rows();
            Normalizers normalizers = new Normalizers(n);
            Targets targets = new Targets(n);
            float[] row = new float[n];
            return () -> {
                normalizers.of(z);
                targets.of(in[2]);
                double factor = in[0].buffer().get(0) / (2.0 * n);
                for (int r = 0; r < n; r++) {
                    z.getRow(r, row);
                    targets.setRow(r);
                    for (int c = 0; c < n; c++) {
                        double p = Math.exp(row[c] - normalizers.rows[r]) + Math.exp(row[c] - normalizers.columns[c]);
                        row[c] = (float) ((p - targets.row[c]) * factor);
                    }
                    out[0].putRow(r, row);
                }
            };
        }
    }
}
