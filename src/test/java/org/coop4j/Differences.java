package org.coop4j;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * The largest differences that golden tests find, written to {@code target/numerics.md} after the
 * last test: the rows of docs/numerics.md.
 *
 * <p>A test class gets them as a parameter, with {@code @ExtendWith(Differences.Extension.class)}.
 */
public final class Differences implements AutoCloseable {

    private static final Path FILE = Path.of("target", "numerics.md");

    private final Map<String, Double> largest = new ConcurrentSkipListMap<>();

    /** Gives every test class the same differences. */
    public static final class Extension implements ParameterResolver {

        @Override
        public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
            return parameter.getParameter().getType() == Differences.class;
        }

        @Override
        public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
            return context.getRoot()
                    .getStore(ExtensionContext.Namespace.create(Differences.class))
                    .getOrComputeIfAbsent(Differences.class, type -> new Differences(), Differences.class);
        }
    }

    /** Takes a difference and gives it back. */
    public double note(String model, String quantity, double difference) {
        largest.merge("| " + model + " | " + quantity + " |", difference, Math::max);
        return difference;
    }

    @Override
    public void close() throws IOException {
        StringBuilder table = new StringBuilder();
        largest.forEach((row, value) -> table.append(row).append(String.format(Locale.ROOT, " %.1e |%n", value)));
        Files.writeString(FILE, table);
    }

    /** The largest absolute difference over the largest expected value. */
    public static double relative(float[] actual, float[] expected) {
        double scale = 0;
        for (float value : expected) {
            scale = Math.max(scale, Math.abs((double) value));
        }
        return absolute(actual, expected) / scale;
    }

    /** The largest absolute difference. */
    public static double absolute(float[] actual, float[] expected) {
        if (actual.length != expected.length) {
            throw new AssertionError(actual.length + " values, not " + expected.length);
        }
        double difference = 0;
        for (int i = 0; i < expected.length; i++) {
            difference = Math.max(difference, Math.abs((double) actual[i] - expected[i]));
        }
        return difference;
    }
}
