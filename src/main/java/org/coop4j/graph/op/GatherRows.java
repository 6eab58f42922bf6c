package org.coop4j.graph.op;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Chosen rows of a matrix, or of two matrices, the second's rows counted on from the first's. (ND4J's {@code gather}
 * loses gradients of repeated rows.)
 *
 * <p>Inputs: x [n, width] and optionally vectors [m, width]. Row r of the result, with source s, is x[s] for s below n,
 * otherwise vectors[s − n], and zero without a source. A row may be the source of any number of rows; its gradient is
 * the sum over them.
 */
public final class GatherRows extends GraphOp {

    /** No source: zeros. */
    public static final int NONE = -1;

    private final int[] sources;

    /**
     * @param sources the source of each row of the result, or {@link #NONE}
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
        take(in.length == 1 ? in[0] : Nd4j.concat(0, in), sources, out[0]);
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        int n = in[0].rows();
        float[] row = new float[out[0].cols()];
        return () -> {
            for (int r = 0; r < sources.length; r++) {
                if (sources[r] == NONE) {
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
            int first = 0;
            for (INDArray gradient : out) {
                sum(in[0], targets(first, gradient.rows()), gradient);
                first += gradient.rows();
            }
        }

        @Override
        public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
            List<HostKernel> sums = new ArrayList<>();
            int first = 0;
            for (HostMatrix gradient : out) {
                sums.add(sum(in[0], targets(first, gradient.rows()), gradient));
                first += gradient.rows();
            }
            return () -> sums.forEach(HostKernel::run);
        }

        /** Returns the target of each row of dy in the matrix whose rows start at {@code first}. */
        private int[] targets(int first, int rows) {
            return Arrays.stream(sources)
                    .map(s -> s >= first && s < first + rows ? s - first : NONE)
                    .toArray();
        }
    }

    /** out[r] = x[sources[r]], zero for {@link #NONE}. */
    public static void take(INDArray x, int[] sources, INDArray out) {
        boolean gaps = Arrays.stream(sources).anyMatch(source -> source == NONE);
        copyRows(gaps ? withZeros(x) : x, sources, out);
    }

    /**
     * out[t] = the sum of x[r] over the rows r with targets[r] = t, in ascending order; rows whose target is
     * {@link #NONE} are left out.
     */
    public static void sum(INDArray x, int[] targets, INDArray out) {
        int rows = Math.toIntExact(out.size(0));
        List<int[]> rounds = new ArrayList<>();
        int[] filled = new int[rows];
        for (int r = 0; r < targets.length; r++) {
            if (targets[r] != NONE) {
                int round = filled[targets[r]]++;
                if (round == rounds.size()) {
                    int[] sources = new int[rows];
                    Arrays.fill(sources, NONE);
                    rounds.add(sources);
                }
                rounds.get(round)[targets[r]] = r;
            }
        }
        out.assign(0);
        INDArray padded = withZeros(x);
        for (int[] sources : rounds) {
            INDArray part = Nd4j.createUninitialized(out.dataType(), out.shape());
            copyRows(padded, sources, part);
            out.addi(part);
        }
    }

    /** Returns the same in float32 on native memory. */
    private static HostKernel sum(HostMatrix x, int[] targets, HostMatrix out) {
        float[] row = new float[x.cols()];
        float[] sum = new float[x.cols()];
        return () -> {
            out.clear(0);
            for (int r = 0; r < targets.length; r++) {
                if (targets[r] != NONE) {
                    x.getRow(r, row);
                    out.getRow(targets[r], sum);
                    for (int i = 0; i < row.length; i++) {
                        row[i] += sum[i];
                    }
                    out.putRow(targets[r], row);
                }
            }
        };
    }

    private static INDArray withZeros(INDArray x) {
        return Nd4j.concat(0, x, Nd4j.create(x.dataType(), 1, x.size(1)));
    }

    /** out[r] = x[sources[r]]; for {@link #NONE} the last row of {@code x}, which is zero. */
    private static void copyRows(INDArray x, int[] sources, INDArray out) {
        int zeros = Math.toIntExact(x.size(0)) - 1;
        int[] known = Arrays.stream(sources).map(s -> s == NONE ? zeros : s).toArray();
        Nd4j.pullRows(x, out, 1, known);
    }
}
