package org.coop4j.pretrain.op;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.coop4j.graph.Graph;
import org.coop4j.graph.GraphOp;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * Token embeddings with the position embedding added, both trained (ND4J's {@code gather} loses
 * repeated rows' gradients).
 *
 * <p>Inputs: table [tokens, width], positions [context, width], and given at each run, held as
 * floats: tokens [rows], a row of the table each or −1, and places [rows], a row of the positions
 * each. Output: [rows, width], zero where the token is −1.
 */
public final class EmbedTokens extends GraphOp {

    @Override
    public List<long[]> outputShapes(List<long[]> in) {
        return List.of(new long[] {in.get(2)[0], in.get(0)[1]});
    }

    @Override
    protected SDVariable expression(Graph graph, SDVariable... in) {
        SDVariable tokens = oneHot(in[2], graph.shape(in[0])[0]);
        SDVariable places = oneHot(in[3], graph.shape(in[1])[0]).mul(tokens.sum(true, 1));
        return tokens.mmul(in[0]).add(places.mmul(in[1]));
    }

    /** Returns a row for each number, 1 in its column and else 0; [numbers] → [numbers, columns]. */
    static SDVariable oneHot(SDVariable numbers, long columns) {
        double[] all = IntStream.range(0, (int) columns).asDoubleStream().toArray();
        return numbers.reshape(-1, 1).eq(constant(numbers, all, 1, columns)).castTo(numbers.dataType());
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
        return List.of(new WeightGradient().outputsOf(beforeInputs(gradients.get(0))));
    }

    /** Gradients of the table and of the positions, of which only the shapes are read: sums of dy over the rows that read a row. */
    private static final class WeightGradient extends GraphOp {

        @Override
        public int getNumOutputs() {
            return 2;
        }

        @Override
        public List<long[]> outputShapes(List<long[]> in) {
            return in.subList(1, 3);
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
