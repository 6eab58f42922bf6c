package org.coop4j.pretrain.op;

import java.util.Arrays;
import java.util.List;
import org.coop4j.graph.GraphOp;
import org.coop4j.graph.host.ArrayValues;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Token embeddings with the position embedding added, both trained (ND4J's {@code gather} loses
 * repeated rows' gradients).
 *
 * <p>Inputs: table [tokens, width], positions [context, width], and given at each run, held as
 * floats: tokens [rows], a row of the table each or −1, and places [rows], a row of the positions
 * each. Output: [rows, width], zero where the token is −1.
 */
public final class EmbedTokens extends GraphOp {

    public EmbedTokens(SameDiff sd, SDVariable table, SDVariable positions, SDVariable tokens, SDVariable places) {
        super(sd, table, positions, tokens, places);
    }

    @Override
    public List<long[]> outputShapes(List<long[]> in) {
        return List.of(new long[] {in.get(2)[0], in.get(0)[1]});
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        float[] tokens = ArrayValues.of(in[2]).toArray();
        float[] places = ArrayValues.of(in[3]).toArray();
        out[0].assign(0);
        for (int r = 0; r < tokens.length; r++) {
            if (tokens[r] >= 0) {
                INDArray place = in[1].getRow((long) places[r]);
                in[0].getRow((long) tokens[r]).addi(place, out[0].getRow(r));
            }
        }
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        int width = out[0].cols();
        float[][] rows = new float[workers.count()][width];
        float[][] places = new float[workers.count()][width];
        Workers.RowRange range = (part, from, to) -> {
            float[] row = rows[part];
            float[] place = places[part];
            for (int r = from; r < to; r++) {
                int token = (int) in[2].buffer().get(r);
                if (token < 0) {
                    Arrays.fill(row, 0f);
                } else {
                    in[0].getRow(token, row);
                    in[1].getRow((int) in[3].buffer().get(r), place);
                    for (int i = 0; i < width; i++) {
                        row[i] += place[i];
                    }
                }
                out[0].putRow(r, row);
            }
        };
        return () -> workers.rows(out[0].rows(), range);
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        return List.of(
                new WeightGradient(sameDiff, gradients.get(0), arg(0), arg(1), arg(2), arg(3)).outputVariables());
    }

    /** Gradients of the table and of the positions: sums of dy over the rows that read a row. */
    private static final class WeightGradient extends GraphOp {

        /** The table and the positions give the shapes alone. */
        WeightGradient(
                SameDiff sd,
                SDVariable dy,
                SDVariable table,
                SDVariable positions,
                SDVariable tokens,
                SDVariable places) {
            super(sd, dy, table, positions, tokens, places);
        }

        @Override
        public int getNumOutputs() {
            return 2;
        }

        @Override
        public List<long[]> outputShapes(List<long[]> in) {
            return in.subList(1, 3);
        }

        @Override
        public void compute(INDArray[] in, INDArray[] out) {
            float[] tokens = ArrayValues.of(in[3]).toArray();
            float[] places = ArrayValues.of(in[4]).toArray();
            out[0].assign(0);
            out[1].assign(0);
            for (int r = 0; r < tokens.length; r++) {
                if (tokens[r] >= 0) {
                    out[0].getRow((long) tokens[r]).addi(in[0].getRow(r));
                    out[1].getRow((long) places[r]).addi(in[0].getRow(r));
                }
            }
        }

        @Override
        public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
            HostMatrix dy = in[0];
            int width = dy.cols();
            float[] row = new float[width];
            float[] sum = new float[width];
            return () -> {
                for (HostMatrix gradient : out) {
                    gradient.clear(0);
                }
                for (int r = 0; r < dy.rows(); r++) {
                    int token = (int) in[3].buffer().get(r);
                    if (token >= 0) {
                        dy.getRow(r, row);
                        add(row, out[0], token, sum);
                        add(row, out[1], (int) in[4].buffer().get(r), sum);
                    }
                }
            };
        }

        private static void add(float[] row, HostMatrix target, int at, float[] sum) {
            target.getRow(at, sum);
            for (int i = 0; i < sum.length; i++) {
                sum[i] += row[i];
            }
            target.putRow(at, sum);
        }
    }
}
