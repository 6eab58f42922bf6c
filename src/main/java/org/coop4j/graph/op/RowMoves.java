package org.coop4j.graph.op;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Rows of matrices moved and added by number in a few of ND4J's calls, whatever their number. */
public final class RowMoves {

    /** No row: zeros. */
    public static final int NONE = -1;

    private RowMoves() {}

    /** out[r] = x[sources[r]], zero where the source is {@link #NONE}. */
    public static void take(INDArray x, int[] sources, INDArray out) {
        boolean gaps = Arrays.stream(sources).anyMatch(source -> source == NONE);
        pull(gaps ? withZeros(x) : x, sources, out);
    }

    /**
     * out[t] = the sum of x[r] over the rows r with targets[r] = t, in ascending order; rows whose
     * target is {@link #NONE} are left out.
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
        if (rounds.isEmpty()) {
            out.assign(0);
            return;
        }
        INDArray padded = withZeros(x);
        pull(padded, rounds.get(0), out);
        for (int[] sources : rounds.subList(1, rounds.size())) {
            INDArray part = Nd4j.createUninitialized(out.dataType(), out.shape());
            pull(padded, sources, part);
            out.addi(part);
        }
    }

    /** The same in float32 on native memory. */
    static HostKernel sum(HostMatrix x, int[] targets, HostMatrix out) {
        float[] row = new float[x.cols()];
        float[] sum = new float[x.cols()];
        boolean[] written = new boolean[out.rows()];
        return () -> {
            Arrays.fill(written, false);
            for (int r = 0; r < targets.length; r++) {
                int target = targets[r];
                if (target == NONE) {
                    continue;
                }
                x.getRow(r, row);
                if (written[target]) {
                    out.getRow(target, sum);
                    for (int i = 0; i < row.length; i++) {
                        row[i] += sum[i];
                    }
                }
                out.putRow(target, row);
                written[target] = true;
            }
            Arrays.fill(sum, 0f);
            for (int target = 0; target < written.length; target++) {
                if (!written[target]) {
                    out.putRow(target, sum);
                }
            }
        };
    }

    private static INDArray withZeros(INDArray x) {
        return Nd4j.concat(0, x, Nd4j.create(x.dataType(), 1, x.size(1)));
    }

    /** The last row of {@code x} is zero where a source is {@link #NONE}. */
    private static void pull(INDArray x, int[] sources, INDArray out) {
        int zeros = Math.toIntExact(x.size(0)) - 1;
        int[] known = Arrays.stream(sources).map(s -> s == NONE ? zeros : s).toArray();
        Nd4j.pullRows(x, out, 1, known);
    }
}
