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
 * Mean cross-entropy over the images that have a class, or several in shares; 0 if none has.
 *
 * <p>Inputs: logits [batch, classes], and targets of the same shape, given at each run: the shares of the classes in each
 * image, with the sum 1, or a row of zeros for an image without one. Output: a scalar. The targets have no gradient.
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
            for (int r = 0; r < in[0].rows(); r++) {
                rows.read(r);
                for (int c = 0; c < rows.targets.length; c++) {
                    total += rows.targets[c] * (rows.logSum - rows.logits[c]);
                }
            }
            out[0].buffer().put(0, (float) (total / rows.divisor()));
        };
    }

    /** One row at a time with its targets and its log Σ exp. */
    private static final class Rows {
        private final HostMatrix all;
        private final HostMatrix allTargets;
        final float[] targets;
        final float[] logits;
        double logSum;

        Rows(HostMatrix logits, HostMatrix targets) {
            this.all = logits;
            this.allTargets = targets;
            this.targets = new float[logits.cols()];
            this.logits = new float[logits.cols()];
        }

        void read(int r) {
            allTargets.getRow(r, targets);
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
        }

        /** Returns the sum of the row's targets. */
        double classed() {
            double sum = 0;
            for (float target : targets) {
                sum += target;
            }
            return sum;
        }

        /** Returns the sum of all targets, 1 if it is 0. */
        double divisor() {
            double sum = 0;
            for (int r = 0; r < all.rows(); r++) {
                allTargets.getRow(r, targets);
                sum += classed();
            }
            return sum == 0 ? 1 : sum;
        }
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        return List.of(new LogitsGradient().of(gradients.get(0), arg(0), arg(1)));
    }

    /** dz = (softmax(z) · Σ targets of the row − targets) · dloss / Σ targets. */
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
                double factor = in[0].buffer().get(0) / rows.divisor();
                for (int r = 0; r < z.rows(); r++) {
                    rows.read(r);
                    double classed = rows.classed();
                    for (int c = 0; c < gradient.length; c++) {
                        double p = Math.exp(rows.logits[c] - rows.logSum) * classed - rows.targets[c];
                        gradient[c] = (float) (p * factor);
                    }
                    out[0].putRow(r, gradient);
                }
            };
        }
    }
}
