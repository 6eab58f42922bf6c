package org.coop4j.graph;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.coop4j.graph.Graph.Focus;
import org.coop4j.graph.host.Floats;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.ops.SDMath;
import org.nd4j.autodiff.samediff.ops.SDNN;

/**
 * A loss of logits z [batch, classes] and a target without a gradient: the sum of the losses of some parts of z, divided
 * by a number of parts. Inputs: z and the target. Output: a scalar.
 */
abstract class Loss extends GraphOp {

    @Override
    public List<long[]> outputShapes(List<long[]> in) {
        return List.of(new long[0]);
    }

    /** Returns the kernel that writes the loss of each part. */
    abstract HostKernel losses(HostMatrix z, HostMatrix target, double[] losses, Workers workers);

    /** Returns the number of parts of logits. */
    abstract int parts(HostMatrix z);

    /** Returns the kernel of dz. */
    abstract HostKernel slopes(HostMatrix upstream, HostMatrix z, HostMatrix target, HostMatrix dz, Workers workers);

    /** Returns the divisor of the sum of so many losses. */
    int divisor(int parts) {
        return 1;
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        double[] losses = new double[parts(in[0])];
        HostKernel parts = losses(in[0], in[1], losses, workers);
        return () -> {
            parts.run();
            double total = 0;
            for (double loss : losses) {
                total += loss;
            }
            out[0].buffer().put(0, (float) (total / divisor(losses.length)));
        };
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        Backward backward =
                new Backward(this, 1, 1, (in, out, workers) -> slopes(in[0], in[1], in[2], out[0], workers));
        return List.of(backward.of(gradients.get(0), arg(0), arg(1)));
    }

    /**
     * Mean cross-entropy of logits: the mean over rows of −Σ target · log softmax(z).
     *
     * <p>Inputs: logits [batch, classes], and either labels [batch], class numbers as floats, with one-hot targets, or a
     * teacher's logits [batch, classes], which have no gradient, with their softmax as target. Output: a scalar. ND4J's own
     * loss ops ignore the upstream gradient (deeplearning4j issue 9026).
     */
    static final class CrossEntropy extends Loss {

        private final boolean fast;

        /**
         * @param fast true to compute the exponentials of labels' losses in float32 by vector instructions
         */
        CrossEntropy(boolean fast) {
            this.fast = fast;
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
                        in[0],
                        IntStream.range(0, (int) logits[1]).asDoubleStream().toArray(),
                        1,
                        logits[1]);
                target = target.reshape(-1, 1).eq(classes).castTo(in[0].dataType());
            }
            // ND4J's own logSoftmax is the logarithm of the softmax, which has no digits below 1e-38.
            SDVariable shifted = in[0].sub(in[0].max(true, 1));
            SDMath math = in[0].getSameDiff().math();
            SDVariable logSoftmax = shifted.sub(math.log(math.exp(shifted).sum(true, 1)));
            return target.mul(logSoftmax).sum().div((double) -logits[0]);
        }

        @Override
        int parts(HostMatrix z) {
            return z.rows();
        }

        @Override
        int divisor(int parts) {
            return parts;
        }

        @Override
        HostKernel losses(HostMatrix z, HostMatrix target, double[] losses, Workers workers) {
            return isFast(z, target)
                    ? eachFastRow(z, target, workers, (r, label, e, sum, loss) -> losses[r] = loss)
                    : eachRow(z, target, workers, (r, row, p, q, logSum) -> losses[r] = expected(q, logSum, row));
        }

        /** dz = (softmax(z) − target) · dloss / batch. */
        @Override
        HostKernel slopes(HostMatrix upstream, HostMatrix z, HostMatrix target, HostMatrix dz, Workers workers) {
            if (isFast(z, target)) {
                return eachFastRow(z, target, workers, (r, label, e, sum, loss) -> {
                    float factor = upstream.buffer().get(0) / z.rows();
                    Scale.scale(e, e.length, factor / sum);
                    e[label] -= factor;
                    dz.putRow(r, e);
                });
            }
            return eachRow(z, target, workers, (r, row, p, q, logSum) -> {
                double factor = upstream.buffer().get(0) / (double) z.rows();
                for (int i = 0; i < p.length; i++) {
                    row[i] = (float) ((p[i] - q[i]) * factor);
                }
                dz.putRow(r, row);
            });
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
    }

    /**
     * Loss of classes that occur independently: Σ |t| ℓ(x) over all entries, with x = z where t > 0, the image shows the class,
     * and x = −z where t < 0, it does not. |t| is the weight of an entry, 0 for an unknown one.
     *
     * <p>ℓ is the binary cross-entropy −log σ(x), or with a focus ASL (Ridnik and others, Asymmetric Loss For Multi-Label
     * Classification, ICCV 2021; the reference's {@code AsymmetricLoss}): −log max(q, ε) · (1 − q)^γ with q = min(σ(x) + clip,
     * 1), where the clip is for absent classes alone. As in the reference's training, the factor (1 − q)^γ is a constant in the
     * gradient.
     *
     * <p>Inputs: z and t [batch, classes]; t has no gradient. Output: a scalar.
     */
    static final class Labels extends Loss {

        private final Focus focus; // null for the cross-entropy

        Labels(Focus focus) {
            this.focus = focus;
        }

        @Override
        protected SDVariable expression(Graph graph, SDVariable... in) {
            SDVariable t = in[1];
            SameDiff sd = t.getSameDiff();
            SDVariable sign = sd.math().sign(t);
            SDVariable x = in[0].mul(sign);
            if (focus == null) {
                return sd.nn().softplus(x.neg()).mul(sd.math().abs(t)).sum();
            }
            SDVariable present = sign.add(1).mul(0.5);
            SDVariable absent = present.rsub(1);
            SDVariable q = sd.nn().sigmoid(x).add(absent.mul(focus.clip()));
            SDVariable inside = graph.held(
                    q.lt(1).castTo(q.dataType()).mul(q.gte(focus.epsilon()).castTo(q.dataType())));
            SDVariable clipped = graph.held(sd.math()
                    .max(sd.math().min(q, sd.onesLike(q)), sd.onesLike(q).mul(focus.epsilon())));
            SDVariable rest = sd.nn().relu(clipped.rsub(1), 0);
            SDVariable factor = present.mul(sd.math().pow(rest, focus.present()))
                    .add(absent.mul(sd.math().pow(rest, focus.absent())));
            SDVariable log = sd.math().log(q.mul(inside).add(clipped.mul(inside.rsub(1))));
            return log.mul(factor).mul(sd.math().abs(t)).sum().neg();
        }

        /** Losses or slopes of a block of entries, for one thread. */
        private final class Entries {

            private final Exponential exponential = new Exponential(HostKernel.BLOCK);
            private final float[] e = new float[HostKernel.BLOCK];

            /** Turns z into x and fills {@code e} with exp(−|x|). */
            private void read(float[] z, float[] t, int n) {
                for (int i = 0; i < n; i++) {
                    z[i] *= Floats.step(t[i], -1);
                    e[i] = -Math.abs(z[i]);
                }
                exponential.apply(e, n);
            }

            /** Turns z into |t| ℓ(x). */
            void losses(float[] z, float[] t, int n) {
                read(z, t, n);
                for (int i = 0; focus == null && i < n; i++) {
                    float s = e[i] / (2 + e[i]); // log(1 + e) = 2 artanh(s), by its series
                    float q = s * s;
                    float p = q / 13 + 1f / 11;
                    p = p * q + 1f / 9;
                    p = p * q + 1f / 7;
                    p = p * q + 1f / 5;
                    p = p * q + 1f / 3;
                    z[i] = Math.abs(t[i]) * (2 * s * (p * q + 1) - Math.min(z[i], 0));
                }
                for (int i = 0; focus != null && i < n; i++) {
                    z[i] = Math.abs(t[i]) * (float) focused(z[i], e[i], t[i] > 0, false);
                }
            }

            /** Turns z into {@code factor} · t ℓ′(x). */
            void slopes(float[] z, float[] t, int n, float factor) {
                read(z, t, n);
                for (int i = 0; focus == null && i < n; i++) {
                    float right = Floats.step(z[i], 0);
                    z[i] = -factor * t[i] * (1 - right + right * e[i]) / (1 + e[i]);
                }
                for (int i = 0; focus != null && i < n; i++) {
                    z[i] = factor * t[i] * (float) focused(z[i], e[i], t[i] > 0, true);
                }
            }

            private double focused(double x, double e, boolean present, boolean slope) {
                double wrong = (x < 0 ? 1 : e) / (1 + e);
                double right = (x < 0 ? e : 1) / (1 + e);
                double clip = present ? 0 : focus.clip();
                double q = Math.min(right + clip, 1);
                double factor = 1;
                for (int i = present ? focus.present() : focus.absent(); i > 0; i--) {
                    factor *= Math.max(wrong - clip, 0);
                }
                if (!slope) {
                    return -Math.log(Math.max(q, focus.epsilon())) * factor;
                }
                return q < focus.epsilon() || wrong < clip ? 0 : -right * wrong / q * factor;
            }
        }

        @Override
        int parts(HostMatrix z) {
            return (z.rows() * z.cols() + HostKernel.BLOCK - 1) / HostKernel.BLOCK;
        }

        @Override
        HostKernel losses(HostMatrix z, HostMatrix target, double[] losses, Workers workers) {
            int length = z.rows() * z.cols();
            return HostKernel.eachRow(losses.length, workers, () -> {
                Entries entries = new Entries();
                float[] logits = new float[HostKernel.BLOCK];
                float[] t = new float[HostKernel.BLOCK];
                return block -> {
                    int from = block * HostKernel.BLOCK;
                    int n = Math.min(HostKernel.BLOCK, length - from);
                    z.buffer().get(from, logits, 0, n);
                    target.buffer().get(from, t, 0, n);
                    entries.losses(logits, t, n);
                    losses[block] = Floats.sum(logits, n);
                };
            });
        }

        /** dz = t · ℓ′(x) · dloss. */
        @Override
        HostKernel slopes(HostMatrix upstream, HostMatrix z, HostMatrix target, HostMatrix dz, Workers workers) {
            return HostKernel.elementwise(new HostMatrix[] {z, target}, dz, workers, () -> {
                Entries entries = new Entries();
                return (inputs, n) -> entries.slopes(
                        inputs[0], inputs[1], n, upstream.buffer().get(0));
            });
        }
    }
}
