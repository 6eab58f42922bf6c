package org.coop4j.graph;

import java.util.List;
import org.coop4j.base.Require;
import org.coop4j.graph.host.Floats;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * Each image's patches with a row in front and the position embedding added. The row in front is the class embedding
 * (vision transformer) or the mean of the patches (CLIP's attention pooling).
 *
 * <p>Inputs: patches [batch · n, width], positions [n + 1, width], and the class embedding [width] if it is the row in
 * front. Output: [batch · (n + 1), width].
 */
public class FrontTokens extends GraphOp {

    @Override
    public final List<long[]> outputShapes(List<long[]> in) {
        long tokens = in.get(1)[0];
        Require.that(in.get(0)[0] % (tokens - 1) == 0, "%s rows for %s positions per image", in.get(0)[0], tokens - 1);
        long batch = in.get(0)[0] / (tokens - 1);
        return List.of(new long[] {batch * tokens, in.get(0)[1]});
    }

    @Override
    protected SDVariable expression(Graph graph, SDVariable... in) {
        long[] positions = graph.shape(in[1]); // [n + 1, width]
        SDVariable patches = in[0].reshape(-1, positions[0] - 1, positions[1]);
        SDVariable front = patches.mean(true, 1);
        if (in.length == 3) {
            front = front.mul(0).add(in[2]);
        }
        SDVariable rows = patches.getSameDiff().concat(1, front, patches).add(in[1]);
        return rows.reshape(-1, positions[1]);
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
