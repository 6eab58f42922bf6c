package org.coop4j.graph.op;

import java.util.List;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Puts the mean of each image's pixels in front of them and adds the position embedding: the input
 * of CLIP's attention pooling.
 *
 * <p>Inputs: x [batch · pixels, width], positions [pixels + 1, width]. Output: [batch · (pixels +
 * 1), width].
 */
public final class MeanTokens extends GraphOp {

    public MeanTokens() {}

    public MeanTokens(SameDiff sd, SDVariable x, SDVariable positions) {
        super(sd, x, positions);
    }

    @Override
    public List<long[]> outputShapes(List<long[]> in) {
        long tokens = in.get(1)[0];
        if (in.get(0)[0] % (tokens - 1) != 0) {
            throw new IllegalArgumentException(
                    in.get(0)[0] + " rows for " + (tokens - 1) + " positions an image");
        }
        long batch = in.get(0)[0] / (tokens - 1);
        return List.of(new long[] {batch * tokens, in.get(0)[1]});
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        TokenRows images = new TokenRows(out[0], in[1].rows());
        INDArray pixels = images.patchesOf(in[0]);
        pixels.mean(1).addi(in[1].getRow(0), images.first());
        pixels.addi(TokenRows.patches(in[1]), images.others());
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        int tokens = in[1].rows();
        int width = out[0].cols();
        float[] positions = new float[tokens * width];
        float[][] rows = new float[workers.count()][width];
        float[][] means = new float[workers.count()][width];
        Workers.RowRange range =
                (part, from, to) -> {
                    float[] row = rows[part];
                    float[] mean = means[part];
                    for (int image = from; image < to; image++) {
                        System.arraycopy(positions, 0, mean, 0, width);
                        for (int token = 1; token < tokens; token++) {
                            in[0].getRow(image * (tokens - 1) + token - 1, row);
                            place(row, mean, positions, token, 1f / (tokens - 1));
                            out[0].putRow(image * tokens + token, row);
                        }
                        out[0].putRow(image * tokens, mean);
                    }
                };
        return () -> {
            in[1].get(0, 0, positions, positions.length);
            workers.rows(out[0].rows() / tokens, range);
        };
    }

    private static void place(
            float[] row, float[] mean, float[] positions, int token, float share) {
        int offset = token * row.length;
        for (int i = 0; i < row.length; i++) {
            mean[i] += row[i] * share;
            row[i] += positions[offset + i];
        }
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        return List.of(
                new InputGradient(sameDiff, gradients.get(0), arg(0), arg(1)).outputVariables());
    }

    /** dx of a pixel = dy of its token + dy of the mean / pixels; and dpositions = Σ dy. */
    public static final class InputGradient extends GradientOp {

        public InputGradient() {}

        /** The forward inputs give the shapes alone. */
        InputGradient(SameDiff sd, SDVariable dy, SDVariable x, SDVariable positions) {
            super(sd, dy, x, positions);
        }

        @Override
        public int getNumOutputs() {
            return 2;
        }

        @Override
        public void compute(INDArray[] in, INDArray[] out) {
            TokenRows dy = new TokenRows(in[0], in[2].rows());
            dy.all().sum(out[1], 0);
            INDArray ofMean = dy.first().div(in[2].rows() - 1); // [batch, width]
            ofMean = ofMean.reshape('c', ofMean.size(0), 1, ofMean.size(1));
            dy.others().addi(ofMean, dy.patchesOf(out[0]));
        }

        @Override
        public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
            HostMatrix dy = in[0];
            int tokens = in[2].rows();
            int width = dy.cols();
            int batch = dy.rows() / tokens;
            float[][] rows = new float[workers.count()][width];
            float[][] others = new float[workers.count()][width];
            Workers.RowRange ofPixels =
                    (part, from, to) -> {
                        float[] row = rows[part];
                        float[] mean = others[part];
                        for (int image = from; image < to; image++) {
                            dy.getRow(image * tokens, mean);
                            for (int token = 1; token < tokens; token++) {
                                dy.getRow(image * tokens + token, row);
                                addScaled(row, mean, 1f / (tokens - 1));
                                out[0].putRow(image * (tokens - 1) + token - 1, row);
                            }
                        }
                    };
            Workers.RowRange ofPositions =
                    (part, from, to) -> {
                        float[] row = rows[part];
                        float[] sum = others[part];
                        for (int token = from; token < to; token++) {
                            java.util.Arrays.fill(sum, 0f);
                            for (int image = 0; image < batch; image++) {
                                dy.getRow(image * tokens + token, row);
                                addScaled(sum, row, 1f);
                            }
                            out[1].putRow(token, sum);
                        }
                    };
            return () -> {
                workers.rows(batch, ofPixels);
                workers.rows(tokens, ofPositions);
            };
        }

        private static void addScaled(float[] sum, float[] row, float factor) {
            for (int i = 0; i < sum.length; i++) {
                sum[i] += row[i] * factor;
            }
        }
    }
}
