package org.coop4j.graph;

import java.util.Arrays;
import java.util.List;
import org.coop4j.graph.host.Floats;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.transforms.segment.UnsortedSegmentSum;
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
     * @param matrices x, or x and the vectors
     */
    public GatherRows(SameDiff sd, int[] sources, SDVariable... matrices) {
        super(sd, matrices);
        this.sources = sources.clone();
    }

    @Override
    public List<long[]> outputShapes(List<long[]> in) {
        return List.of(new long[] {sources.length, in.get(0)[1]});
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        INDArray[] all = Arrays.copyOf(in, in.length + 1);
        all[in.length] = Nd4j.create(in[0].dataType(), 1, in[0].size(1)); // zeros
        INDArray rows = Nd4j.concat(0, all);
        Nd4j.pullRows(rows, out[0], 1, numbers(sources, rows.rows() - 1));
    }

    /** Returns the sources, {@code none} in place of {@link Graph#NO_ROW}. */
    private static int[] numbers(int[] sources, int none) {
        return Arrays.stream(sources).map(s -> s == Graph.NO_ROW ? none : s).toArray();
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

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        SDVariable[] inputs = beforeInputs(gradients.get(0));
        return List.of(new InputGradient(sameDiff, sources, inputs).outputVariables());
    }

    /** dx and dvectors: for each row the sum of dy over the rows of which it is the source. */
    private static final class InputGradient extends GraphOp {

        private final int[] sources;

        /** Of x and the vectors only the shapes are used. */
        InputGradient(SameDiff sd, int[] sources, SDVariable... inputs) {
            super(sd, inputs);
            this.sources = sources;
        }

        @Override
        public int getNumOutputs() {
            return args().length - 1;
        }

        @Override
        public List<long[]> outputShapes(List<long[]> in) {
            return in.subList(1, in.size());
        }

        @Override
        public void compute(INDArray[] in, INDArray[] out) {
            int rows = Arrays.stream(out).mapToInt(INDArray::rows).sum();
            INDArray targets = Nd4j.createFromArray(numbers(sources, rows));
            INDArray sums = Nd4j.exec(new UnsortedSegmentSum(in[0], targets, rows + 1))[0];
            long first = 0;
            for (INDArray gradient : out) {
                gradient.assign(view(sums, first, gradient.shape(), sums.stride()));
                first += gradient.length();
            }
        }

        @Override
        public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
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
}
