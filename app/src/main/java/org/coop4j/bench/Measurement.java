package org.coop4j.bench;

import java.util.ArrayList;
import java.util.List;
import org.coop4j.graph.host.Gemm;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Product;
import org.coop4j.graph.host.Workers;

/**
 * Times of a repeated piece of work.
 *
 * @param seconds each repetition's time
 * @param flops floating-point operations of the matrix products of one, 0 where not counted
 */
public record Measurement(List<Double> seconds, long flops) {

    private static final int SIDE = 1536;

    public Measurement {
        if (seconds.isEmpty()) {
            throw new IllegalArgumentException("nothing was measured");
        }
        seconds = List.copyOf(seconds);
    }

    /** What is measured. */
    @FunctionalInterface
    public interface Work<E extends Exception> {
        void run() throws E;
    }

    /** Runs {@code work} {@code warmup} times without and {@code runs} times with a clock. */
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
        return new Measurement(seconds, flops);
    }

    /** A product of square matrices of 1,536 rows, split among the workers as the towers do it. */
    public static Measurement product(Workers workers) {
        HostMatrix a = filled();
        HostMatrix b = filled();
        HostMatrix c = HostMatrix.zeros(SIDE, SIDE);
        Product product = new Product(Gemm.Form.NT, a, b, null, c, workers);
        long flops = 2L * SIDE * SIDE * SIDE;
        return Measurement.of(3, 9, flops, () -> Gemm.singleThreaded(product::run));
    }

    private static HostMatrix filled() {
        HostMatrix matrix = HostMatrix.zeros(SIDE, SIDE);
        for (int i = 0; i < SIDE * SIDE; i++) {
            matrix.buffer().put(i, i % 97 / 97f);
        }
        return matrix;
    }

    /** The median time. */
    public double median() {
        List<Double> sorted = seconds.stream().sorted().toList();
        int middle = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }

    /** The shortest time. */
    public double least() {
        return seconds.stream().mapToDouble(s -> s).min().orElseThrow();
    }

    /** The longest time. */
    public double most() {
        return seconds.stream().mapToDouble(s -> s).max().orElseThrow();
    }

    /** GFLOP/s at the median. */
    public double gflops() {
        return flops / median() / 1e9;
    }
}
