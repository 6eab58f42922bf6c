package org.coop4j.graph;

import java.util.Arrays;
import java.util.List;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * A factor of each row's values in attention whose weights are held: the last columns of row r are multiplied by its gate,
 * and the queries and keys before them count as constants in the gradient.
 *
 * <p>Inputs: qkv [rows, 3 · width] or kv [rows, 2 · width], and gates [n], not 0. Output: as the first input.
 */
final class Gate extends GraphOp {

    private final int width;
    private final int[] gates;

    /**
     * @param width number of columns of the values
     * @param gates the gate of each row, all of them, or {@link Graph#NO_ROW}
     */
    Gate(int width, int[] gates) {
        this.width = width;
        this.gates = gates;
    }

    @Override
    public boolean mayOverwrite(int input) {
        return input == 0;
    }

    @Override
    protected SDVariable expression(Graph graph, SDVariable... in) {
        double[] values = new double[(int) graph.shape(in[0])[1]]; // 1 in their columns
        Arrays.fill(values, values.length - width, values.length, 1);
        double[] open = Arrays.stream(gates)
                .mapToDouble(gate -> gate == Graph.NO_ROW ? 1 : 0)
                .toArray();
        int[] rows = Arrays.stream(gates).map(gate -> Math.max(gate, 0)).toArray();
        SDVariable none = constant(in[0], open, gates.length, 1);
        SDVariable gate =
                GatherRows.rows(in[1].reshape(-1, 1), rows).mul(none.rsub(1)).add(none); // [rows, 1]
        SDVariable column = constant(in[0], values, 1, values.length);
        return graph.held(in[0]).mul(column.rsub(1)).add(in[0].mul(column).mul(gate));
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        return HostKernel.eachRow(gates.length, workers, () -> {
            float[] row = new float[in[0].cols()];
            return r -> {
                in[0].getRow(r, row);
                multiply(row, gate(in[1], r));
                out[0].putRow(r, row);
            };
        });
    }

    private float gate(HostMatrix factors, int row) {
        return gates[row] == Graph.NO_ROW ? 1 : factors.buffer().get(gates[row]);
    }

    private void multiply(float[] row, float factor) {
        for (int i = row.length - width; i < row.length; i++) {
            row[i] *= factor;
        }
    }

    /** dvalues = gate · dy, and dgate = Σ values · dy over a row. */
    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        Backward backward = new Backward(this, 1, 2, this::gradient) {
            @Override
            public boolean mayOverwrite(int input) {
                return input == 0;
            }
        };
        return List.of(backward.outputsOf(gradients.get(0), outputVariables()[0], arg(1)));
    }

    private HostKernel gradient(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        return HostKernel.eachRow(gates.length, workers, () -> {
            float[] dy = new float[in[0].cols()];
            float[] y = new float[width];
            return r -> {
                in[0].getRow(r, dy);
                in[1].get(r, dy.length - width, y, width);
                float gate = gate(in[2], r);
                if (gates[r] != Graph.NO_ROW) {
                    float sum = 0;
                    for (int i = 0; i < width; i++) {
                        sum += y[i] * dy[dy.length - width + i];
                    }
                    out[1].buffer().put(gates[r], sum / gate);
                }
                Arrays.fill(dy, 0, dy.length - width, 0f);
                multiply(dy, gate);
                out[0].putRow(r, dy);
            };
        });
    }
}
