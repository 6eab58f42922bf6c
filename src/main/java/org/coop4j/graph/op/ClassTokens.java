package org.coop4j.graph.op;

import java.util.List;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Puts the class embedding in front of each image's patches and adds the position embedding.
 *
 * <p>Inputs: patches [batch · grid², width], class embedding [width], positions [grid² + 1, width].
 * Output: [batch · (grid² + 1), width].
 */
public final class ClassTokens extends GraphOp {

    public ClassTokens() {}

    public ClassTokens(
            SameDiff sd, SDVariable patches, SDVariable classEmbedding, SDVariable positions) {
        super(sd, patches, classEmbedding, positions);
    }

    @Override
    public List<long[]> outputShapes(List<long[]> in) {
        long tokens = in.get(2)[0];
        long batch = in.get(0)[0] / (tokens - 1);
        return List.of(new long[] {batch * tokens, in.get(0)[1]});
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        int tokens = in[2].rows();
        TokenRows images = new TokenRows(out[0], tokens);
        images.first().assign(in[1].add(in[2].getRow(0)).broadcast(images.first().shape()));
        images.patchesOf(in[0]).addi(TokenRows.patches(in[2]), images.others());
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        int tokens = in[2].rows();
        int width = out[0].cols();
        float[][] rows = new float[workers.count()][width];
        float[][] positions = new float[workers.count()][width];
        Workers.RowRange range =
                (part, from, to) -> {
                    float[] row = rows[part];
                    float[] position = positions[part];
                    for (int r = from; r < to; r++) {
                        int token = r % tokens;
                        if (token == 0) {
                            in[1].getRow(0, row);
                        } else {
                            in[0].getRow(r / tokens * (tokens - 1) + token - 1, row);
                        }
                        in[2].getRow(token, position);
                        for (int i = 0; i < width; i++) {
                            row[i] += position[i];
                        }
                        out[0].putRow(r, row);
                    }
                };
        return () -> workers.rows(out[0].rows(), range);
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        return List.of(
                new InputGradient(sameDiff, gradients.get(0), arg(0), arg(1), arg(2))
                        .outputVariables());
    }

    /** Gradients of the patches, the class embedding and the positions. */
    public static final class InputGradient extends GradientOp {

        public InputGradient() {}

        /** The forward inputs give the shapes alone. */
        InputGradient(
                SameDiff sd,
                SDVariable dy,
                SDVariable patches,
                SDVariable classEmbedding,
                SDVariable positions) {
            super(sd, dy, patches, classEmbedding, positions);
        }

        @Override
        public int getNumOutputs() {
            return 3;
        }

        @Override
        public void compute(INDArray[] in, INDArray[] out) {
            TokenRows dy = new TokenRows(in[0], in[3].rows());
            dy.all().sum(out[2], 0);
            out[1].assign(out[2].getRow(0));
            dy.patchesOf(out[0]).assign(dy.others());
        }

        @Override
        public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
            HostMatrix dy = in[0];
            int tokens = in[3].rows();
            int width = dy.cols();
            int batch = dy.rows() / tokens;
            float[][] rows = new float[workers.count()][width];
            float[][] sums = new float[workers.count()][width];
            Workers.RowRange range =
                    (part, from, to) -> {
                        float[] row = rows[part];
                        float[] sum = sums[part];
                        for (int token = from; token < to; token++) {
                            java.util.Arrays.fill(sum, 0f);
                            for (int image = 0; image < batch; image++) {
                                dy.getRow(image * tokens + token, row);
                                for (int i = 0; i < width; i++) {
                                    sum[i] += row[i];
                                }
                                if (token > 0) {
                                    out[0].putRow(image * (tokens - 1) + token - 1, row);
                                }
                            }
                            out[2].putRow(token, sum);
                            if (token == 0) {
                                out[1].putRow(0, sum);
                            }
                        }
                    };
            return () -> workers.rows(tokens, range);
        }
    }
}
