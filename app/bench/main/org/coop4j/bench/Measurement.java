package org.coop4j.bench;

import static org.coop4j.graph.host.Precision.FLOAT32;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.graph.Bfloat16Product;
import org.coop4j.graph.host.Gemm;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;

/**
 * Times of a repeated piece of work.
 *
 * @param seconds time of each repetition, ascending
 * @param flops floating-point operations of the matrix products of one repetition, 0 where not counted
 */
public record Measurement(List<Double> seconds, long flops) {

    private static final int SIDE = 1536;

    /** Work to measure. */
    @FunctionalInterface
    public interface Work<E extends Exception> {
        void run() throws E;
    }

    /** Runs {@code work} {@code warmup} times unmeasured and {@code runs} times measured. */
    public static <E extends Exception> Measurement of(int warmup, int runs, long flops, Work<E> work) throws E {
        for (int i = 0; i < warmup; i++) {
            work.run();
        }
        List<Double> seconds = new ArrayList<>();
        for (int i = 0; i < runs; i++) {
            long start = System.nanoTime();
            work.run();
            seconds.add((System.nanoTime() - start) / 1e9);
        }
        return new Measurement(seconds.stream().sorted().toList(), flops);
    }

    /** Measures a product of square matrices of 1,536 rows, divided among the workers as in the towers. */
    public static Measurement product(Workers workers, Precision precision) {
        HostMatrix x = filled();
        HostMatrix w = filled();
        HostMatrix y = HostMatrix.zeros(SIDE, SIDE);
        long flops = 2L * SIDE * SIDE * SIDE;
        try (HostKernel product = precision == FLOAT32
                ? Gemm.kernel(Gemm.Form.NT, x, w, null, y, workers)
                : Bfloat16Product.kernel(Gemm.Form.NT, x, w, null, null, null, y, workers)) {
            return Measurement.of(3, 9, flops, () -> Gemm.singleThreaded(product::run));
        }
    }

    private static HostMatrix filled() {
        HostMatrix matrix = HostMatrix.zeros(SIDE, SIDE);
        for (int i = 0; i < SIDE * SIDE; i++) {
            matrix.buffer().put(i, i % 97 / 97f);
        }
        return matrix;
    }

    /** Returns the times by name, for a report. */
    public Map<String, Object> values() {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("median_s", median());
        values.put("least_s", least());
        values.put("most_s", most());
        values.put("runs", seconds.size());
        return values;
    }

    /** Returns the median time. */
    public double median() {
        int n = seconds.size();
        return (seconds.get((n - 1) / 2) + seconds.get(n / 2)) / 2;
    }

    /** Returns the shortest time. */
    public double least() {
        return seconds.get(0);
    }

    /** Returns the longest time. */
    public double most() {
        return seconds.get(seconds.size() - 1);
    }

    /** Returns GFLOP/s at the median. */
    public double gflops() {
        return flops / median() / 1e9;
    }
}
