package org.coop4j.graph;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.coop4j.graph.host.Floats;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.ops.SDNN;

/**
 * Mean cross-entropy of logits: the mean over rows of −Σ target · log softmax(z).
 *
 * <p>Inputs: logits [batch, classes], and either labels [batch], class numbers as floats, with one-hot targets, or a
 * teacher's logits [batch, classes], which have no gradient, with their softmax as target. Output: a scalar. ND4J's own
 * loss ops ignore the upstream gradient (deeplearning4j issue 9026).
 */
final class CrossEntropy extends GraphOp {

    private final boolean fast;

    /**
     * @param fast true to compute the exponentials of labels' losses in float32 by vector instructions
     */
    CrossEntropy(boolean fast) {
        this.fast = fast;
    }

    @Override
    public List<long[]> outputShapes(List<long[]> in) {
        return List.of(new long[0]);
    }

    @Override
    protected SDVariable expression(Graph graph, SDVariable... in) {
        SDNN nn = in[0].getSameDiff().nn();
        SDVariable target = in[1];
        long[] logits = graph.shape(in[0]);
        if (graph.shape(target).length > 1) {
            target = nn.softmax(target);
        } else {
            SDVariable classes = constant(
                    in[0], IntStream.range(0, (int) logits[1]).asDoubleStream().toArray(), 1, logits[1]);
            target = target.reshape(-1, 1).eq(classes).castTo(in[0].dataType());
        }
        return target.mul(nn.logSoftmax(in[0])).sum().div((double) -logits[0]);
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        double[] losses = new double[in[0].rows()];
        HostKernel rows = isFast(in[0], in[1])
                ? eachFastRow(in[0], in[1], workers, (r, label, e, sum, loss) -> losses[r] = loss)
                : eachRow(in[0], in[1], workers, (r, row, p, q, logSum) -> losses[r] = expected(q, logSum, row));
        return () -> {
            rows.run();
            double total = 0;
            for (double loss : losses) {
                total += loss;
            }
            out[0].buffer().put(0, (float) (total / losses.length));
        };
    }

    private boolean isFast(HostMatrix z, HostMatrix target) {
        return fast && !target.fits(z);
    }

    /** Work on a row of logits: their exponentials, which have this sum, and the loss of the row. */
    private interface FastRowWork {
        void accept(int r, int label, float[] e, float sum, double loss);
    }

    private static HostKernel eachFastRow(HostMatrix z, HostMatrix labels, Workers workers, FastRowWork work) {
        int n = z.cols();
        return HostKernel.eachRow(z.rows(), workers, () -> {
            float[] row = new float[n];
            Exponential exponential = new Exponential(n);
            return r -> {
                z.getRow(r, row);
                int label = (int) labels.buffer().get(r);
                float max = Float.NEGATIVE_INFINITY;
                for (float value : row) {
                    if (value > max) { // a branch that is rarely taken is faster than Math.max
                        max = value;
                    }
                }
                for (int i = 0; i < n; i++) {
                    row[i] -= max;
                }
                double own = row[label];
                exponential.apply(row, n);
                float sum = Floats.sum(row, n);
                work.accept(r, label, row, sum, Math.log(sum) - own);
            };
        });
    }

    /** Work on a row of logits: their softmax p, the target q, and log Σ exp. */
    private interface RowWork {
        void accept(int r, float[] row, double[] p, double[] q, double logSum);
    }

    private static HostKernel eachRow(HostMatrix z, HostMatrix target, Workers workers, RowWork work) {
        boolean soft = target.fits(z);
        return HostKernel.eachRow(z.rows(), workers, () -> {
            float[] row = new float[z.cols()];
            double[] p = new double[z.cols()];
            double[] q = new double[z.cols()];
            return r -> {
                target(target, soft, r, row, q);
                z.getRow(r, row);
                work.accept(r, row, p, q, softmax(row, p));
            };
        });
    }

    /** Fills {@code q} with the target of row {@code r}: one-hot, or the softmax of the teacher's row. */
    private static void target(HostMatrix given, boolean soft, int r, float[] row, double[] q) {
        if (soft) {
            given.getRow(r, row);
            softmax(row, q);
        } else {
            Arrays.fill(q, 0);
            q[(int) given.buffer().get(r)] = 1;
        }
    }

    private static double expected(double[] target, double logSum, float[] logits) {
        double loss = 0;
        for (int i = 0; i < target.length; i++) {
            if (target[i] != 0) {
                loss += target[i] * (logSum - logits[i]);
            }
        }
        return loss;
    }

    /** Fills {@code p} with the softmax of a row; returns log Σ exp of the row. */
    private static double softmax(float[] row, double[] p) {
        double max = Double.NEGATIVE_INFINITY;
        for (float value : row) {
            max = Math.max(max, value);
        }
        double sum = 0;
        for (int i = 0; i < p.length; i++) {
            p[i] = Math.exp(row[i] - max);
            sum += p[i];
        }
        for (int i = 0; i < p.length; i++) {
            p[i] /= sum;
        }
        return Math.log(sum) + max;
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        return List.of(new LogitsGradient().of(gradients.get(0), arg(0), arg(1)));
    }

    /** dz = (softmax(z) − target) · dloss / batch. */
    private final class LogitsGradient extends GraphOp {

        @Override
        public List<long[]> outputShapes(List<long[]> in) {
            return in.subList(1, 2);
        }

        @Override
        public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
            if (isFast(in[1], in[2])) {
                return eachFastRow(in[1], in[2], workers, (r, label, e, sum, loss) -> {
                    float factor = in[0].buffer().get(0) / in[1].rows();
                    Scale.scale(e, e.length, factor / sum);
                    e[label] -= factor;
                    out[0].putRow(r, e);
                });
            }
            return eachRow(in[1], in[2], workers, (r, row, p, q, logSum) -> {
                double factor = in[0].buffer().get(0) / (double) in[1].rows();
                for (int i = 0; i < p.length; i++) {
                    row[i] = (float) ((p[i] - q[i]) * factor);
                }
                out[0].putRow(r, row);
            });
        }
    }
}
