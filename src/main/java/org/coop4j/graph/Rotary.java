package org.coop4j.graph;

import java.nio.IntBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import org.coop4j.base.Require;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

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
    public Rotary(SameDiff sd, int heads, double[][] angles, SDVariable qkv) {
        super(sd, qkv);
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
    public void compute(INDArray[] in, INDArray[] out) {
        INDArray cos = table(Math::cos).castTo(in[0].dataType());
        INDArray sin = table(Math::sin).castTo(in[0].dataType());
        INDArray a = channels(in[0], 0);
        INDArray b = channels(in[0], 1);
        INDArray rotatedA = a.mul(cos).subi(b.mul(sin));
        INDArray rotatedB = a.mul(sin).addi(b.mul(cos));
        out[0].assign(in[0]);
        channels(out[0], 0).assign(rotatedA);
        channels(out[0], 1).assign(rotatedB);
    }

    /** Returns a function of the angles, [1, tokens, 1, pairs]. */
    private INDArray table(DoubleUnaryOperator function) {
        double[] values = values(function);
        return Nd4j.createFromArray(values).reshape('c', 1, angles.length, 1, angles[0].length);
    }

    private double[] values(DoubleUnaryOperator function) {
        return Arrays.stream(angles)
                .flatMapToDouble(Arrays::stream)
                .map(function)
                .toArray();
    }

    /** Returns one channel of each pair of the queries and keys: [sequences, tokens, 2 · heads, pairs]. */
    private INDArray channels(INDArray qkv, int first) {
        long row = qkv.stride(0);
        long column = qkv.stride(1);
        int pairs = angles[0].length;
        long[] shape = {qkv.rows() / angles.length, angles.length, 2L * heads, pairs};
        return view(qkv, first * column, shape, angles.length * row, row, 2L * pairs * column, 2 * column);
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        int pairs = angles[0].length;
        float[] cos = floats(Math::cos);
        float[] sin = floats(Math::sin);
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

    private float[] floats(DoubleUnaryOperator function) {
        double[] values = values(function);
        float[] rounded = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            rounded[i] = (float) values[i];
        }
        return rounded;
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
     * The same for bfloat16, of which an int holds a pair. Each loop becomes vector instructions.
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
            source = in.pairs();
            target = out.pairs();
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
        return List.of(new Rotary(sameDiff, heads, back, gradients.get(0)).outputVariable());
    }
}
