package org.coop4j.graph;

import java.util.List;
import org.coop4j.base.Require;
import org.coop4j.graph.host.Floats;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Each image's patches with a row in front and the position embedding added. The row in front is the class embedding
 * (vision transformer) or the mean of the patches (CLIP's attention pooling).
 *
 * <p>Inputs: patches [batch · n, width], positions [n + 1, width], and the class embedding [width] if it is the row in
 * front. Output: [batch · (n + 1), width].
 */
public class FrontTokens extends GraphOp {

    public FrontTokens(SameDiff sd, SDVariable... inputs) {
        super(sd, inputs);
    }

    @Override
    public final List<long[]> outputShapes(List<long[]> in) {
        long tokens = in.get(1)[0];
        Require.that(in.get(0)[0] % (tokens - 1) == 0, "%s rows for %s positions per image", in.get(0)[0], tokens - 1);
        long batch = in.get(0)[0] / (tokens - 1);
        return List.of(new long[] {batch * tokens, in.get(0)[1]});
    }

    @Override
    public final void compute(INDArray[] in, INDArray[] out) {
        long tokens = in[1].rows();
        long batch = out[0].rows() / tokens;
        INDArray patches = in[0].reshape('c', batch, tokens - 1, in[0].columns());
        INDArray front = rows(out[0], tokens, 0, 1);
        if (in.length == 3) {
            front.assign(
                    in[2].add(in[1].getRow(0)).broadcast(batch, in[2].length()).reshape(front.shape()));
        } else {
            front.assign(patches.mean(1).addi(in[1].getRow(0)).reshape(front.shape()));
        }
        patches.addi(rows(in[1], tokens, 1, tokens - 1), rows(out[0], tokens, 1, tokens - 1));
    }

    /** Returns rows {@code from} to {@code from + count} of each image, a view [images, count, width]. */
    public static INDArray rows(INDArray matrix, long tokens, long from, long count) {
        long row = matrix.stride(0);
        long[] shape = {matrix.rows() / tokens, count, matrix.columns()};
        return view(matrix, from * row, shape, tokens * row, row, matrix.stride(1));
    }

    @Override
    public final HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        int tokens = in[1].rows();
        int width = out[0].cols();
        float[] positions = new float[tokens * width];
        float[] embedding = in.length == 3 ? new float[width] : null;
        HostKernel images = HostKernel.eachRow(out[0].rows() / tokens, workers, () -> {
            float[] row = new float[width];
            float[] front = new float[width];
            return image -> {
                System.arraycopy(positions, 0, front, 0, width);
                if (embedding != null) {
                    Floats.add(front, 0, embedding, 0, width);
                }
                for (int token = 1; token < tokens; token++) {
                    in[0].getRow(image * (tokens - 1) + token - 1, row);
                    if (embedding == null) {
                        addShare(front, row, 1f / (tokens - 1));
                    }
                    Floats.add(row, 0, positions, token * width, width);
                    out[0].putRow(image * tokens + token, row);
                }
                out[0].putRow(image * tokens, front);
            };
        });
        return () -> {
            in[1].get(0, 0, positions, positions.length);
            if (embedding != null) {
                in[2].getRow(0, embedding);
            }
            images.run();
        };
    }

    private static void addShare(float[] mean, float[] row, float share) {
        for (int i = 0; i < mean.length; i++) {
            mean[i] += row[i] * share;
        }
    }
}
