package org.coop4j.method;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.function.IntToDoubleFunction;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.method.Classifier.LogitGraph;
import org.coop4j.method.LogitGradient.Row;

/** The logits of one image and the derivatives of a score by what they are made of, in double precision. */
final class LogitGradient implements LogitGraph<Row> {

    /** Vector-Jacobian product of each operation, the last first. */
    private final Deque<Runnable> products = new ArrayDeque<>();

    /** Numbers, and the derivatives of a score by them. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Row(double[] values, double[] gradient) {

        static Row of(int length, IntToDoubleFunction value) {
            Row row = new Row(new double[length], new double[length]);
            Arrays.setAll(row.values, value);
            return row;
        }
    }

    /** Adds up the derivatives, given those by the logits. */
    void run() {
        products.forEach(Runnable::run);
    }

    /** Returns a row, each of whose elements depends on that of another. */
    private Row each(Row x, IntToDoubleFunction value, IntToDoubleFunction slope) {
        Row y = Row.of(x.values.length, value);
        products.push(() -> Arrays.setAll(x.gradient, i -> x.gradient[i] + slope.applyAsDouble(i) * y.gradient[i]));
        return y;
    }

    @Override
    public Row unit(Row x) {
        double norm = Math.sqrt(Arrays.stream(x.values).map(v -> v * v).sum());
        Row y = Row.of(x.values.length, i -> x.values[i] / norm);
        products.push(() -> {
            double along = 0;
            for (int i = 0; i < y.values.length; i++) {
                along += y.gradient[i] * y.values[i];
            }
            for (int i = 0; i < y.values.length; i++) {
                x.gradient[i] += (y.gradient[i] - along * y.values[i]) / norm;
            }
        });
        return y;
    }

    @Override
    public Row product(Row x, FeatureMatrix weights) {
        int width = weights.width();
        Row y = Row.of(weights.rows(), r -> {
            double sum = 0;
            for (int i = 0; i < width; i++) {
                sum += weights.get(r, i) * x.values[i];
            }
            return sum;
        });
        products.push(() -> {
            for (int r = 0; r < weights.rows(); r++) {
                for (int i = 0; i < width; i++) {
                    x.gradient[i] += weights.get(r, i) * y.gradient[r];
                }
            }
        });
        return y;
    }

    @Override
    public Row times(Row x, double factor) {
        return each(x, i -> x.values[i] * factor, i -> factor);
    }

    @Override
    public Row plus(Row x, float[] row) {
        return each(x, i -> x.values[i] + row[i], i -> 1);
    }

    @Override
    public Row plus(Row x, Row y) {
        Row sum = each(x, i -> x.values[i] + y.values[i], i -> 1);
        products.push(() -> Arrays.setAll(y.gradient, i -> y.gradient[i] + sum.gradient[i]));
        return sum;
    }

    @Override
    public Row rectified(Row x) {
        return each(x, i -> Math.max(0, x.values[i]), i -> x.values[i] > 0 ? 1 : 0);
    }

    @Override
    public Row exp(Row x) {
        return each(x, i -> Math.exp(x.values[i]), i -> Math.exp(x.values[i]));
    }
}
