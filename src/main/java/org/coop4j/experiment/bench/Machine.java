package org.coop4j.experiment.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;
import org.coop4j.graph.host.Gemm;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.Product;
import org.coop4j.graph.host.Workers;

/** What the machine is and can do. */
public final class Machine {

    private static final int SIDE = 1536;

    private Machine() {}

    /** A product of square matrices of 1,536 rows, split among the workers as the towers do it. */
    public static Measurement product(Workers workers) {
        HostMatrix a = filled();
        HostMatrix b = filled();
        HostMatrix c = HostMatrix.zeros(SIDE, SIDE);
        Product product = Product.of(Product.Form.NT, a, b, c, workers);
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

    /** The most memory that the process has had, in bytes; known on Linux. */
    public static OptionalLong peakMemory() {
        return status("VmHWM");
    }

    /** The memory that the process has, in bytes; known on Linux. */
    public static OptionalLong memory() {
        return status("VmRSS");
    }

    private static OptionalLong status(String key) {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
                if (line.startsWith(key + ":")) {
                    return OptionalLong.of(Long.parseLong(line.replaceAll("\\D", "")) << 10);
                }
            }
        } catch (IOException e) {
            // Not Linux.
        }
        return OptionalLong.empty();
    }

    /** A value of the first processor in {@code /proc/cpuinfo}, such as its name; Linux alone. */
    public static Optional<String> processor(String key) {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/cpuinfo"))) {
                if (line.startsWith(key)) {
                    return Optional.of(line.substring(line.indexOf(':') + 1).trim());
                }
            }
        } catch (IOException e) {
            // Not Linux.
        }
        return Optional.empty();
    }
}
