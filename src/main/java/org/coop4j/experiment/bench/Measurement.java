package org.coop4j.experiment.bench;

import java.util.ArrayList;
import java.util.List;

/**
 * Times of a repeated piece of work.
 *
 * @param seconds each repetition's time
 * @param flops floating-point operations of the matrix products of one, 0 where not counted
 */
public record Measurement(List<Double> seconds, long flops) {

    public Measurement {
        if (seconds.isEmpty()) {
            throw new IllegalArgumentException("nothing was measured");
        }
        seconds = List.copyOf(seconds);
    }

    /** Runs {@code work} {@code warmup} times without and {@code runs} times with a clock. */
    static Measurement of(int warmup, int runs, long flops, Runnable work) {
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

    /** The median time. */
    public double median() {
        List<Double> sorted = seconds.stream().sorted().toList();
        int middle = sorted.size() / 2;
        return sorted.size() % 2 == 1
                ? sorted.get(middle)
                : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
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
