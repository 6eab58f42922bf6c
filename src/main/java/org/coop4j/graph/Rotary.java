package org.coop4j.graph;

import java.nio.IntBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleFunction;
import org.coop4j.base.Require;
import org.coop4j.graph.host.Floats;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * Rotary positions of queries and keys (RoFormer, Su and others, 2021): each pair (a, b) of neighbouring channels of a
 * head becomes (a · cos φ − b · sin φ, a · sin φ + b · cos φ), with an angle φ for each token and pair. Values stay.
 *
 * <p>qkv [sequences · tokens, 3 · width] → same.
 */
final class Rotary extends GraphOp {

    /** The upper half of an int. */
    private static final int HIGH = 0xffff0000;

    private final int heads;
    private final double[][] angles;

    /**
     * @param angles of each token and pair of a head, [tokens][width / heads / 2]
     */
    Rotary(int heads, double[][] angles) {
        this.heads = heads;
        this.angles = angles;
    }

    @Override
    public List<long[]> outputShapes(List<long[]> in) {
        long[] qkv = in.get(0);
        Require.that(
                qkv[0] % angles.length == 0 && qkv[1] == 6L * heads * angles[0].length,
                "rotary positions: expected sequences of %d rows of %d, got %s",
                angles.length,
                6L * heads * angles[0].length,
                Arrays.toString(qkv));
        return List.of(qkv);
    }

    @Override
    public boolean mayOverwrite(int input) {
        return true;
    }

    @Override
    public boolean isOfOneType() {
        return true;
    }

    @Override
    protected SDVariable expression(Graph graph, SDVariable... in) {
        SDVariable pairs = in[0].reshape(-1, angles.length, 3, heads, angles[0].length, 2);
        SDVariable swapped = pairs.getSameDiff().reverse(pairs, 5);
        SDVariable rotated = pairs.mul(table(pairs, angle -> new double[] {Math.cos(angle), Math.cos(angle)}, 1))
                .add(swapped.mul(table(pairs, angle -> new double[] {-Math.sin(angle), Math.sin(angle)}, 0)));
        return rotated.reshape(-1, 6L * heads * angles[0].length);
    }

    /** Returns the factors of the channels, [1, tokens, 3, 1, pairs, 2]; values have one factor. */
    private SDVariable table(SDVariable like, DoubleFunction<double[]> ofPair, double ofValues) {
        int pairs = angles[0].length;
        double[] factors = new double[angles.length * 3 * pairs * 2];
        Arrays.fill(factors, ofValues);
        for (int i = 0; i < angles.length * 2 * pairs; i++) { // of queries and keys
            int token = i / (2 * pairs);
            System.arraycopy(ofPair.apply(angles[token][i % pairs]), 0, factors, 2 * (i + token * pairs), 2);
        }
        return constant(like, factors, 1, angles.length, 3, 1, pairs, 2);
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        int pairs = angles[0].length;
        float[] cos = Floats.rounded(angles, Math::cos);
        float[] sin = Floats.rounded(angles, Math::sin);
        return HostKernel.eachRow(angles.length, workers, () -> {
            Row row = in[0].isRounded() ? new RoundedRow(in[0], out[0]) : new Row(in[0], out[0]);
            return token -> {
                for (int head = 0; head < 2 * heads; head++) {
                    System.arraycopy(cos, token * pairs, row.cos, head * pairs, pairs);
                    System.arraycopy(sin, token * pairs, row.sin, head * pairs, pairs);
                }
                for (int r = token; r < out[0].rows(); r += angles.length) {
                    row.rotate(r);
                }
            };
        });
    }

    /** A worker's copy of a row. */
    private static class Row {

        final HostMatrix in;
        final HostMatrix out;

        /** Columns that are read and written: without the values where these lie already. */
        final int cols;

        /** Of each pair of the row's queries and keys. */
        final float[] cos;

        final float[] sin;

        private final float[] row;

        Row(HostMatrix in, HostMatrix out) {
            this.in = in;
            this.out = out;
            int rotated = in.cols() / 3 * 2;
            cols = in.pointer(0, 0).address() == out.pointer(0, 0).address() ? rotated : in.cols();
            cos = new float[rotated / 2];
            sin = new float[rotated / 2];
            row = new float[cols];
        }

        /** Rotates row {@code r}. */
        void rotate(int r) {
            in.get(r, 0, row, cols);
            for (int i = 0; i < cos.length; i++) {
                float a = row[2 * i];
                float b = row[2 * i + 1];
                row[2 * i] = a * cos[i] - b * sin[i];
                row[2 * i + 1] = a * sin[i] + b * cos[i];
            }
            out.put(r, 0, row, cols);
        }
    }

    /**
     * The same for bfloat16: an int holds a pair. Each loop becomes vector instructions.
     */
    private static final class RoundedRow extends Row {

        private final IntBuffer source;
        private final IntBuffer target;
        private final int[] row;
        private final int[] bits;
        private final float[] a;
        private final float[] b;
        private final float[] turned;
        private final FloatBits conversion;

        RoundedRow(HostMatrix in, HostMatrix out) {
            super(in, out);
            source = in.bits();
            target = out.bits();
            row = new int[cols / 2];
            bits = new int[cos.length];
            a = new float[cos.length];
            b = new float[cos.length];
            turned = new float[cos.length];
            conversion = new FloatBits(cos.length);
        }

        @Override
        void rotate(int r) {
            int at = r * (in.cols() / 2);
            source.get(at, row);
            for (int i = 0; i < bits.length; i++) {
                bits[i] = row[i] << 16;
            }
            conversion.toFloats(bits, a, bits.length);
            for (int i = 0; i < bits.length; i++) {
                bits[i] = row[i] & HIGH;
            }
            conversion.toFloats(bits, b, bits.length);
            for (int i = 0; i < turned.length; i++) {
                turned[i] = a[i] * cos[i] - b[i] * sin[i];
            }
            conversion.of(turned, bits, bits.length);
            for (int i = 0; i < bits.length; i++) {
                row[i] = nearest(bits[i]) >>> 16;
            }
            for (int i = 0; i < turned.length; i++) {
                turned[i] = a[i] * sin[i] + b[i] * cos[i];
            }
            conversion.of(turned, bits, bits.length);
            for (int i = 0; i < bits.length; i++) {
                row[i] |= nearest(bits[i]) & HIGH;
            }
            target.put(at, row);
        }

        /** Returns bits whose upper half is the nearest bfloat16, the even one of two. */
        private static int nearest(int bits) {
            return bits + 0x7fff + (bits >>> 16 & 1);
        }
    }

    /** The gradient is rotated back. */
    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        double[][] back = Arrays.stream(angles)
                .map(token -> Arrays.stream(token).map(angle -> -angle).toArray())
                .toArray(double[][]::new);
        return List.of(new Rotary(heads, back).of(gradients.get(0)));
    }
}
