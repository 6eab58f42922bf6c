package org.coop4j.graph.op;

import java.util.Arrays;
import java.util.List;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Rows of embeddings with context vectors added where a prompt has them.
 *
 * <p>Inputs: context [vectors, width] and base [rows, width], whose rows hold the token and
 * position embeddings, or the position embedding alone where a context vector goes. Row r of the
 * result is {@code base[r] + context[vector(r)]}. A vector may be placed in many rows; its gradient
 * is the sum over them (the reference broadcasts the context over classes).
 */
public final class PlaceContext extends GraphOp {

    public PlaceContext() {}

    /**
     * @param rows rows that take a context vector
     * @param vectors which vector each of them takes
     */
    public PlaceContext(
            SameDiff sd, SDVariable context, SDVariable base, int[] rows, int[] vectors) {
        super(sd, context, base);
        if (rows.length != vectors.length) {
            throw new IllegalArgumentException(
                    rows.length + " rows but " + vectors.length + " context vectors");
        }
        addIArgument(rows);
        addIArgument(vectors);
    }

    @Override
    public List<long[]> outputShapes(List<long[]> in) {
        return List.of(in.get(1));
    }

    @Override
    public void compute(INDArray[] in, INDArray[] out) {
        RowMoves.take(in[0], vectorOfRow(this, out[0].rows()), out[0]);
        out[0].addi(in[1]);
    }

    /** The context vector that each row takes, of those that take one. */
    private static int[] vectorOfRow(GraphOp op, int rows) {
        int[] vectors = new int[rows];
        Arrays.fill(vectors, RowMoves.NONE);
        int n = op.numIArguments() / 2;
        for (int i = 0; i < n; i++) {
            vectors[op.intSetting(i)] = op.intSetting(n + i);
        }
        return vectors;
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        int[] vectors = vectorOfRow(this, out[0].rows());
        float[] row = new float[in[0].cols()];
        float[] vector = new float[in[0].cols()];
        return () -> {
            for (int r = 0; r < vectors.length; r++) {
                in[1].getRow(r, row);
                if (vectors[r] != RowMoves.NONE) {
                    in[0].getRow(vectors[r], vector);
                    for (int i = 0; i < row.length; i++) {
                        row[i] += vector[i];
                    }
                }
                out[0].putRow(r, row);
            }
        };
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        return List.of(
                new ContextGradient(
                                sameDiff, gradients.get(0), arg(0), intSettings(0, numIArguments()))
                        .outputVariable());
    }

    /** The gradient of each context vector: the sum of dy over the rows that hold it. */
    public static final class ContextGradient extends GradientOp {

        public ContextGradient() {}

        /** The context gives the shape alone. */
        ContextGradient(SameDiff sd, SDVariable dy, SDVariable context, int[] settings) {
            super(sd, dy, context);
            addIArgument(settings);
        }

        @Override
        public void compute(INDArray[] in, INDArray[] out) {
            RowMoves.sum(in[0], vectorOfRow(this, in[0].rows()), out[0]);
        }

        @Override
        public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
            return RowMoves.sum(in[0], vectorOfRow(this, in[0].rows()), out[0]);
        }
    }
}
