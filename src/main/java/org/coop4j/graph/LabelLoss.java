package org.coop4j.graph;

import java.util.Arrays;
import java.util.List;
import org.coop4j.graph.Graph.Focus;
import org.coop4j.graph.host.Floats;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;

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
final class LabelLoss extends GraphOp {

    private final Focus focus; // null for the cross-entropy

    LabelLoss(Focus focus) {
        this.focus = focus;
    }

    @Override
    public List<long[]> outputShapes(List<long[]> in) {
        return List.of(new long[0]);
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
        SDVariable clipped = graph.held(
                sd.math().max(sd.math().min(q, sd.onesLike(q)), sd.onesLike(q).mul(focus.epsilon())));
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
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        int length = in[0].rows() * in[0].cols();
        double[] losses = new double[(length + HostKernel.BLOCK - 1) / HostKernel.BLOCK];
        HostKernel blocks = HostKernel.eachRow(losses.length, workers, () -> {
            Entries entries = new Entries();
            float[] z = new float[HostKernel.BLOCK];
            float[] t = new float[HostKernel.BLOCK];
            return block -> {
                int from = block * HostKernel.BLOCK;
                int n = Math.min(HostKernel.BLOCK, length - from);
                in[0].buffer().get(from, z, 0, n);
                in[1].buffer().get(from, t, 0, n);
                entries.losses(z, t, n);
                losses[block] = Floats.sum(z, n);
            };
        });
        return () -> {
            blocks.run();
            out[0].buffer().put(0, (float) Arrays.stream(losses).sum());
        };
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        return List.of(new LogitsGradient().of(gradients.get(0), arg(0), arg(1)));
    }

    /** dz = t · ℓ′(x) · dloss. */
    private final class LogitsGradient extends GraphOp {

        @Override
        public List<long[]> outputShapes(List<long[]> in) {
            return in.subList(1, 2);
        }

        @Override
        public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
            return HostKernel.elementwise(new HostMatrix[] {in[1], in[2]}, out[0], workers, () -> {
                Entries entries = new Entries();
                return (inputs, n) ->
                        entries.slopes(inputs[0], inputs[1], n, in[0].buffer().get(0));
            });
        }
    }
}
