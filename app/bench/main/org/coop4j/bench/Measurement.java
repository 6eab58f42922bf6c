package org.coop4j.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.coop4j.graph.Linear;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;

/**
 * Times of a repeated piece of work.
 *
 * @param seconds time of each repetition, ascending
 * @param flops floating-point operations of the matrix products of one repetition, 0 where not counted
 */
public record Measurement(List<Double> seconds, long flops) {

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
        return new Measurement(
                Arrays.stream(Linear.squares(workers, precision)).boxed().toList(), Linear.SQUARE_FLOPS);
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

    /** Returns the process's peak memory in MB; empty if this is not Linux. */
    public static OptionalLong peakMemory() throws IOException {
        Path status = Path.of("/proc/self/status");
        try (Stream<String> lines = Files.exists(status) ? Files.lines(status) : Stream.empty()) {
            return lines.filter(line -> line.startsWith("VmHWM"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) >> 10)
                    .findFirst();
        }
    }
}
