package org.coop4j.graph;

import java.util.List;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * x with each element set to 0 by a probability, and divided by the other probability if it stays.
 *
 * <p>Inputs: x [rows, columns], and [2] whole numbers below 2²⁴ that decide a step's draws. An element's draw follows from
 * these, the op's number and the element's place alone, so that the gradient draws the same again, and so do several threads.
 */
final class Dropout extends GraphOp {

    private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;
    private static final int GOLDEN_RATIO = 0x9E3779B9;

    private final double rate;
    private final long number;

    /**
     * @param rate probability of 0, less than 1
     * @param number of the op among those of a graph
     */
    Dropout(double rate, long number) {
        this.rate = rate;
        this.number = number;
    }

    @Override
    protected SDVariable expression(Graph graph, SDVariable... in) {
        throw new UnsupportedOperationException("dropout is drawn on the host: set dropout to 0 on this backend");
    }

    @Override
    public boolean mayOverwrite(int input) {
        return input == 0;
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        int columns = in[0].cols();
        float kept = (float) (1 / (1 - rate));
        int below = (int) Math.round(rate * (1 << 24));
        return HostKernel.eachRow(in[0].rows(), workers, () -> {
            float[] row = Workers.ownArray(columns);
            int[] bits = new int[columns];
            FloatBits floatBits = new FloatBits(columns);
            return r -> {
                in[0].getRow(r, row);
                for (int i = 0; i < columns; i++) {
                    row[i] *= kept;
                }
                floatBits.of(row, bits, columns);
                long step = (long) in[1].buffer().get(0) << 24
                        | (long) in[1].buffer().get(1);
                clear(bits, columns, (int) mixed(mixed(step * GOLDEN_GAMMA + number) + r), below);
                floatBits.toFloats(bits, row, columns);
                out[0].putRow(r, row);
            };
        });
    }

    /**
     * Clears those whose draw of 24 bits is less than {@code below}, without a branch, so that the JIT compiler uses vector
     * instructions. The mixing function of 32 bits is Wellons' (Hash Prospector, bias 0.107).
     */
    private static void clear(int[] bits, int n, int seed, int below) {
        for (int i = 0; i < n; i++) {
            int z = seed + i * GOLDEN_RATIO;
            z = (z ^ (z >>> 16)) * 0x21F0AAAD;
            z = (z ^ (z >>> 15)) * 0x735A2D97;
            z ^= z >>> 15;
            bits[i] &= ~(((z >>> 8) - below) >> 31);
        }
    }

    /** Returns a number all of whose bits depend on all bits of {@code z} (Stafford's variant 13, as SplittableRandom's). */
    private static long mixed(long z) {
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        return List.of(new Dropout(rate, number).of(gradients.get(0), arg(1)));
    }
}
