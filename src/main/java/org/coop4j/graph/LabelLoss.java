package org.coop4j.graph;

import java.util.List;
import org.coop4j.graph.Graph.Focus;
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

    /** The loss of an entry, or its slope in x. */
    private double value(double x, boolean present, boolean slope) {
        double e = Math.exp(-Math.abs(x));
        double wrong = (x < 0 ? 1 : e) / (1 + e);
        if (focus == null) {
            return slope ? -wrong : Math.max(-x, 0) + Math.log(1 + e);
        }
        double right = (x < 0 ? e : 1) / (1 + e);
        double clip = present ? 0 : focus.clip();
        double q = Math.min(right + clip, 1);
        double factor = Math.pow(Math.max(wrong - clip, 0), present ? focus.present() : focus.absent());
        if (!slope) {
            return -Math.log(Math.max(q, focus.epsilon())) * factor;
        }
        return q < focus.epsilon() || wrong < clip ? 0 : -right * wrong / q * factor;
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        double[] losses = new double[in[0].rows()];
        HostKernel rows = eachRow(in[0], in[1], workers, (r, z, t) -> {
            losses[r] = 0;
            for (int k = 0; k < z.length; k++) {
                losses[r] += t[k] == 0 ? 0 : Math.abs(t[k]) * value(t[k] < 0 ? -z[k] : z[k], t[k] > 0, false);
            }
        });
        return () -> {
            rows.run();
            double total = 0;
            for (double loss : losses) {
                total += loss;
            }
            out[0].buffer().put(0, (float) total);
        };
    }

    /** Work on a row of logits and weights. */
    private interface RowWork {
        void accept(int r, float[] z, float[] t);
    }

    private static HostKernel eachRow(HostMatrix z, HostMatrix t, Workers workers, RowWork work) {
        return HostKernel.eachRow(z.rows(), workers, () -> {
            float[] logits = new float[z.cols()];
            float[] weights = new float[z.cols()];
            return r -> {
                z.getRow(r, logits);
                t.getRow(r, weights);
                work.accept(r, logits, weights);
            };
        });
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
            return eachRow(in[1], in[2], workers, (r, z, t) -> {
                double upstream = in[0].buffer().get(0);
                for (int k = 0; k < z.length; k++) {
                    z[k] = t[k] == 0 ? 0 : (float) (upstream * t[k] * value(t[k] < 0 ? -z[k] : z[k], t[k] > 0, true));
                }
                out[0].putRow(r, z);
            });
        }
    }
}
