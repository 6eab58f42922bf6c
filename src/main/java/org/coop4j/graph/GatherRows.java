package org.coop4j.graph;

import java.util.Arrays;
import java.util.List;
import org.coop4j.graph.host.Floats;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Chosen rows of a matrix, or of two matrices, the second's rows counted on from the first's. (ND4J's {@code gather}
 * loses gradients of repeated rows.)
 *
 * <p>Inputs: x [n, width] and optionally vectors [m, width]. Row r of the result, with source s, is x[s] for s below n,
 * otherwise vectors[s − n], and zero without a source. A row may be the source of any number of rows; its gradient is
 * the sum over them.
 */
final class GatherRows extends GraphOp {

    private final int[] sources;

    /**
     * @param sources the source of each row of the result, or {@link Graph#NO_ROW}
     */
    GatherRows(int[] sources) {
        this.sources = sources.clone();
    }

    @Override
    public List<long[]> outputShapes(List<long[]> in) {
        return List.of(new long[] {sources.length, in.get(0)[1]});
    }

    @Override
    protected SDVariable expression(Graph graph, SDVariable... in) {
        SDVariable all = in.length == 1 ? in[0] : in[0].getSameDiff().concat(0, in);
        SDVariable rows =
                rows(all, Arrays.stream(sources).map(s -> Math.max(s, 0)).toArray());
        if (Arrays.stream(sources).allMatch(s -> s != Graph.NO_ROW)) {
            return rows;
        }
        double[] present = Arrays.stream(sources)
                .mapToDouble(s -> s == Graph.NO_ROW ? 0 : 1)
                .toArray();
        return rows.mul(constant(all, present, sources.length, 1));
    }

    /** Returns rows of a matrix, in SameDiff's ops. */
    static SDVariable rows(SDVariable x, int[] rows) {
        SameDiff sd = x.getSameDiff();
        return sd.gather(x, sd.constant(Nd4j.createFromArray(rows)), 0);
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        int n = in[0].rows();
        float[] row = new float[out[0].cols()];
        return () -> {
            for (int r = 0; r < sources.length; r++) {
                if (sources[r] == Graph.NO_ROW) {
                    Arrays.fill(row, 0f);
                } else if (sources[r] < n) {
                    in[0].getRow(sources[r], row);
                } else {
                    in[1].getRow(sources[r] - n, row);
                }
                out[0].putRow(r, row);
            }
        };
    }

    /** dx and dvectors: for each row the sum of dy over the rows that it is the source of. */
    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        Backward backward = new Backward(this, 1, args().length, this::gradient);
        return List.of(backward.outputsOf(beforeInputs(gradients.get(0))));
    }

    private HostKernel gradient(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        int n = out[0].rows();
        float[] row = new float[in[0].cols()];
        float[] sum = new float[in[0].cols()];
        return () -> {
            for (HostMatrix gradient : out) {
                gradient.clear(0);
            }
            for (int r = 0; r < sources.length; r++) {
                if (sources[r] != Graph.NO_ROW) {
                    HostMatrix gradient = out[sources[r] < n ? 0 : 1];
                    int target = sources[r] < n ? sources[r] : sources[r] - n;
                    in[0].getRow(r, row);
                    gradient.getRow(target, sum);
                    Floats.add(sum, 0, row, 0, row.length);
                    gradient.putRow(target, sum);
                }
            }
        };
    }
}
