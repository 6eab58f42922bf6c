package org.coop4j.graph;

import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import org.coop4j.base.Require;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Precision;
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

    private final Precision precision;
    private final int heads;
    private final double[][] angles;

    /**
     * @param precision of the products around it; with bfloat16, attention may read the result rounded
     * @param angles of each token and pair of a head, [tokens][width / heads / 2]
     */
    public Rotary(SameDiff sd, Precision precision, int heads, double[][] angles, SDVariable qkv) {
        super(sd, qkv);
        this.precision = precision;
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
    public boolean mayWriteRounded(boolean fromRounded) {
        return precision == Precision.BFLOAT16;
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
        double[] cos = values(Math::cos);
        double[] sin = values(Math::sin);
        float[] turns = new float[2 * cos.length]; // cosine and sine in turn, as the channels
        for (int i = 0; i < cos.length; i++) {
            turns[2 * i] = (float) cos[i];
            turns[2 * i + 1] = (float) sin[i];
        }
        int headWidth = 2 * angles[0].length;
        int rotated = 2 * heads * headWidth;
        boolean inPlace = in[0].pointer(0, 0).address() == out[0].pointer(0, 0).address();
        int read = inPlace ? rotated : out[0].cols();
        return HostKernel.eachRow(out[0].rows(), workers, () -> {
            float[] row = new float[read];
            return r -> {
                in[0].get(r, 0, row, read);
                for (int head = 0; head < rotated; head += headWidth) {
                    rotate(row, head, turns, r % angles.length * headWidth, headWidth);
                }
                out[0].put(r, 0, row, read);
            };
        });
    }

    private static void rotate(float[] row, int head, float[] turns, int token, int headWidth) {
        for (int i = 0; i < headWidth; i += 2) {
            float cos = turns[token + i];
            float sin = turns[token + i + 1];
            float a = row[head + i];
            float b = row[head + i + 1];
            row[head + i] = a * cos - b * sin;
            row[head + i + 1] = a * sin + b * cos;
        }
    }

    /** The gradient is rotated back. */
    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        double[][] back = Arrays.stream(angles)
                .map(token -> Arrays.stream(token).map(angle -> -angle).toArray())
                .toArray(double[][]::new);
        return List.of(new Rotary(sameDiff, precision, heads, back, gradients.get(0)).outputVariable());
    }
}
