package org.coop4j.graph.op;

import java.util.Arrays;
import java.util.List;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.shape.OneHot;
import org.nd4j.linalg.api.ops.impl.transforms.custom.SoftMax;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * Mean cross-entropy of logits against class labels: the mean over rows of log Σ exp(z) − z[label].
 *
 * <p>Inputs: logits [batch, classes] and labels [batch], class numbers held as floats. Output: a
 * scalar. ND4J's own loss ops ignore the incoming gradient (deeplearning4j issue 9026); this one
 * does not.
 */
public final class CrossEntropy extends GraphOp {

    public CrossEntropy() {}

    public CrossEntropy(SameDiff sd, SDVariable logits, SDVariable labels) {
        super(sd, logits, labels);
    }

    @Override
    public List<long[]> outputShapes(List<long[]> in) {
        return List.of(new long[0]);
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        INDArray shifted = in[0].sub(in[0].max(true, 1));
        INDArray logSum = Transforms.log(Transforms.exp(shifted, true).sum(1), false);
        INDArray chosen = shifted.muli(oneHot(in[1], in[0])).sum(1);
        out[0].assign(logSum.subi(chosen).mean());
    }

    /** 1 at each row's label and 0 elsewhere, like the logits. */
    private static INDArray oneHot(INDArray labels, INDArray logits) {
        INDArray result = Nd4j.createUninitialized(logits.dataType(), logits.shape());
        Nd4j.exec(new OneHot(labels.castTo(DataType.INT32), result, (int) logits.size(1)));
        return result;
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        HostMatrix z = in[0];
        HostMatrix labels = in[1];
        double[] losses = new double[z.rows()];
        HostKernel rows =
                RowwiseKernel.eachRow(
                        z.rows(),
                        workers,
                        () -> {
                            float[] row = new float[z.cols()];
                            double[] p = new double[z.cols()];
                            return r -> {
                                z.getRow(r, row);
                                double logSum = SoftCrossEntropy.softmax(row, p);
                                losses[r] = logSum - row[(int) labels.buffer().get(r)];
                            };
                        });
        return () -> {
            rows.run();
            double total = 0;
            for (double loss : losses) {
                total += loss;
            }
            out[0].buffer().put(0, (float) (total / z.rows()));
        };
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        return List.of(
                new LogitsGradient(sameDiff, gradients.get(0), arg(0), arg(1)).outputVariable());
    }

    /**
     * dz = (softmax(z) − target) · dloss / batch, of hard and of soft labels: the target is one-hot
     * for labels [batch], and the softmax of a teacher's logits [batch, classes].
     */
    public static final class LogitsGradient extends GradientOp {

        public LogitsGradient() {}

        LogitsGradient(SameDiff sd, SDVariable dLoss, SDVariable logits, SDVariable target) {
            super(sd, dLoss, logits, target);
        }

        @Override
        public void compute(INDArray[] in, INDArray[] out) {
            INDArray target =
                    in[2].rank() == 1 ? oneHot(in[2], in[1]) : Transforms.softmax(in[2], true);
            Nd4j.exec(new SoftMax(in[1], out[0], -1));
            out[0].subi(target).muli(in[0].div(in[1].rows()));
        }

        @Override
        public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
            HostMatrix z = in[1];
            HostMatrix target = in[2];
            boolean soft = target.fits(z);
            return RowwiseKernel.eachRow(
                    z.rows(),
                    workers,
                    () -> {
                        float[] row = new float[z.cols()];
                        double[] p = new double[z.cols()];
                        double[] q = new double[z.cols()];
                        return r -> {
                            double factor = in[0].buffer().get(0) / (double) z.rows();
                            if (soft) {
                                target.getRow(r, row);
                                SoftCrossEntropy.softmax(row, q);
                            } else {
                                Arrays.fill(q, 0);
                                q[(int) target.buffer().get(r)] = 1;
                            }
                            z.getRow(r, row);
                            SoftCrossEntropy.softmax(row, p);
                            for (int i = 0; i < p.length; i++) {
                                row[i] = (float) ((p[i] - q[i]) * factor);
                            }
                            out[0].putRow(r, row);
                        };
                    });
        }
    }
}
