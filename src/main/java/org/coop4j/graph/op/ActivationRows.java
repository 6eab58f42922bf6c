package org.coop4j.graph.op;

import java.util.function.Supplier;
import org.coop4j.graph.host.Exponential;
import org.coop4j.graph.host.Floats;
import org.coop4j.graph.op.RowwiseKernel.RowFunction;

/** Activation functions and their gradients on a row in a heap array. */
final class ActivationRows {

    private static final float FACTOR = (float) Activation.QUICK_GELU_FACTOR;

    private ActivationRows() {}

    /** Makes functions that turn {@code rows[0]} = x into f(x). */
    static Supplier<RowFunction> values(Activation.Kind kind) {
        return switch (kind) {
            case QUICK_GELU -> QuickGelu::new;
            case GELU -> () -> ActivationRows::gelu;
            case RELU -> () -> ActivationRows::relu;
            case EXP ->
                    () -> {
                        Exponential exponential = new Exponential(RowwiseKernel.PIECE);
                        return (rows, n) -> exponential.apply(rows[0], n);
                    };
        };
    }

    /** Makes functions that turn {@code rows[0]} = dy, {@code rows[1]} = x into dx. */
    static Supplier<RowFunction> gradients(Activation.Kind kind) {
        return switch (kind) {
            case QUICK_GELU -> QuickGeluGradient::new;
            case GELU -> () -> ActivationRows::geluGradient;
            case RELU -> () -> ActivationRows::reluGradient;
            case EXP -> () -> ActivationRows::expGradient;
        };
    }

    /** e^(-1.702 x), the part of the sigmoid that both directions need. */
    private static float[] decay(float[] x, int n, float[] e, Exponential exponential) {
        for (int i = 0; i < n; i++) {
            e[i] = -FACTOR * x[i];
        }
        exponential.apply(e, n);
        return e;
    }

    private static final class QuickGelu implements RowFunction {
        private final Exponential exponential = new Exponential(RowwiseKernel.PIECE);
        private final float[] e = new float[RowwiseKernel.PIECE];

        @Override
        public void apply(float[][] rows, int n) {
            float[] x = rows[0];
            decay(x, n, e, exponential);
            for (int i = 0; i < n; i++) {
                x[i] = x[i] / (1f + e[i]);
            }
        }
    }

    private static final class QuickGeluGradient implements RowFunction {
        private final Exponential exponential = new Exponential(RowwiseKernel.PIECE);
        private final float[] e = new float[RowwiseKernel.PIECE];

        @Override
        public void apply(float[][] rows, int n) {
            float[] dy = rows[0];
            float[] x = rows[1];
            decay(x, n, e, exponential);
            for (int i = 0; i < n; i++) {
                float s = 1f / (1f + e[i]);
                dy[i] *= s * (1f + FACTOR * x[i] * (1f - s));
            }
        }
    }

    private static void gelu(float[][] rows, int n) {
        float[] x = rows[0];
        for (int i = 0; i < n; i++) {
            x[i] *= NormalDistribution.cdf(x[i]);
        }
    }

    private static void geluGradient(float[][] rows, int n) {
        float[] dy = rows[0];
        float[] x = rows[1];
        for (int i = 0; i < n; i++) {
            dy[i] *= NormalDistribution.cdf(x[i]) + x[i] * NormalDistribution.density(x[i]);
        }
    }

    private static void relu(float[][] rows, int n) {
        float[] x = rows[0];
        for (int i = 0; i < n; i++) {
            x[i] = Math.max(x[i], 0f);
        }
    }

    private static void reluGradient(float[][] rows, int n) {
        float[] dy = rows[0];
        float[] x = rows[1];
        for (int i = 0; i < n; i++) {
            dy[i] *= Floats.step(x[i], 0f);
        }
    }

    private static void expGradient(float[][] rows, int n) {
        float[] dy = rows[0];
        float[] y = rows[1];
        for (int i = 0; i < n; i++) {
            dy[i] *= y[i];
        }
    }
}
