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
 * Mean cross-entropy over the images that have a class; 0 if none has.
 *
 * <p>Inputs: logits [batch, classes], and targets of the same shape, given at each run: a 1 at the image's class, a row
 * of zeros for an image without one. Output: a scalar. The targets have no gradient.
 */
public final class ClassLoss extends GraphOp {

    @Override
    public List<long[]> outputShapes(List<long[]> in) {
        if (!Arrays.equals(in.get(0), in.get(1))) {
            throw new IllegalArgumentException("logits %s and targets %s: both are [batch, classes]"
                    .formatted(Arrays.toString(in.get(0)), Arrays.toString(in.get(1))));
        }
        return List.of(new long[0]);
    }

    @Override
    protected SDVariable expression(Graph graph, SDVariable... in) {
        SDVariable classed = in[1].sum();
        SDVariable divisor = classed.add(classed.eq(0).castTo(in[1].dataType()));
        return in[1].mul(in[0].getSameDiff().nn().logSoftmax(in[0])).sum().neg().div(divisor);
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        Rows rows = new Rows(in[0], in[1]);
        return () -> {
            double total = 0;
            int classed = 0;
            for (int r = 0; r < in[0].rows(); r++) {
                int target = rows.read(r);
                if (target >= 0) {
                    total += rows.logSum - rows.logits[target];
                    classed++;
                }
            }
            out[0].buffer().put(0, (float) (total / Math.max(1, classed)));
        };
    }

    /** One row at a time with its class and its log Σ exp. */
    private static final class Rows {
        private final HostMatrix all;
        private final HostMatrix allTargets;
        private final float[] targets;
        final float[] logits;
        double logSum;

        Rows(HostMatrix logits, HostMatrix targets) {
            this.all = logits;
            this.allTargets = targets;
            this.targets = new float[logits.cols()];
            this.logits = new float[logits.cols()];
        }

        /** Reads a row; returns its class, −1 for none. */
        int read(int r) {
            all.getRow(r, logits);
            double max = Double.NEGATIVE_INFINITY;
            for (float logit : logits) {
                max = Math.max(max, logit);
            }
            double sum = 0;
            for (float logit : logits) {
                sum += Math.exp(logit - max);
            }
            logSum = Math.log(sum) + max;
            return target(r);
        }

        int target(int r) {
            allTargets.getRow(r, targets);
            for (int c = 0; c < targets.length; c++) {
                if (targets[c] != 0) {
                    return c;
                }
            }
            return -1;
        }
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        return List.of(new LogitsGradient().of(gradients.get(0), arg(0), arg(1)));
    }

    /** dz = (softmax(z) − target) · dloss / images with a class, in their rows. */
    private static final class LogitsGradient extends GraphOp {

        @Override
        public List<long[]> outputShapes(List<long[]> in) {
            return in.subList(1, 2);
        }

        @Override
        public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
            HostMatrix z = in[1];
            Rows rows = new Rows(z, in[2]);
            float[] gradient = new float[z.cols()];
            return () -> {
                int classed = 0;
                for (int r = 0; r < z.rows(); r++) {
                    classed += rows.target(r) >= 0 ? 1 : 0;
                }
                double factor = in[0].buffer().get(0) / (double) Math.max(1, classed);
                for (int r = 0; r < z.rows(); r++) {
                    int target = rows.read(r);
                    for (int c = 0; c < gradient.length; c++) {
                        double p = target < 0 ? 0 : Math.exp(rows.logits[c] - rows.logSum) - (c == target ? 1 : 0);
                        gradient[c] = (float) (p * factor);
                    }
                    out[0].putRow(r, gradient);
                }
            };
        }
    }
}
