package org.coop4j.cli.options;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.data.ClassHalf;
import org.coop4j.data.Split;
import org.coop4j.data.benchmark.Benchmark;
import org.coop4j.data.benchmark.Benchmarks;
import org.coop4j.image.ExifOrientation;
import org.coop4j.method.ClassPosition;
import org.coop4j.weights.model.MlpActivation;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads options' values from text; a wrong one is named with what was expected. */
public final class Converters {

    private Converters() {}

    /** The name of a file, where a folder would read as "Is a directory". */
    public static final class FileName implements ITypeConverter<Path> {
        @Override
        public Path convert(String name) {
            Path file = Path.of(name);
            if (Files.isDirectory(file)) {
                throw new TypeConversionException(name + " is a folder: expected a file");
            }
            return file;
        }
    }

    /** An integer of 1 or more. */
    public static final class Positive implements ITypeConverter<Integer> {
        @Override
        public Integer convert(String text) {
            int value;
            try {
                value = Integer.parseInt(text);
            } catch (NumberFormatException e) {
                throw new TypeConversionException("expected an integer, got '" + text + "'");
            }
            if (value < 1) {
                throw new TypeConversionException("expected 1 or more, got " + value);
            }
            return value;
        }
    }

    /** What is done with EXIF orientations. */
    public static final class Exif implements ITypeConverter<ExifOrientation> {
        @Override
        public ExifOrientation convert(String text) {
            return known(text, ExifOrientation::named);
        }
    }

    /** A size such as {@code 800M}. */
    public static final class Memory implements ITypeConverter<MemoryLimit> {
        @Override
        public MemoryLimit convert(String text) {
            return known(text, MemoryLimit::parse);
        }
    }

    /** The name of a published dataset, in any of its forms. */
    public static final class BenchmarkName implements ITypeConverter<Benchmark> {
        @Override
        public Benchmark convert(String name) {
            return known(name, Benchmarks.published()::get);
        }
    }

    /** {@code quick_gelu} or {@code gelu}. */
    public static final class ActivationName implements ITypeConverter<MlpActivation> {
        @Override
        public MlpActivation convert(String name) {
            return constant(MlpActivation.values(), name);
        }
    }

    /** {@code all}, {@code base} or {@code new}. */
    public static final class HalfName implements ITypeConverter<ClassHalf> {
        @Override
        public ClassHalf convert(String name) {
            return constant(ClassHalf.values(), name);
        }
    }

    /** {@code end}, {@code middle} or {@code front}. */
    public static final class PositionName implements ITypeConverter<ClassPosition> {
        @Override
        public ClassPosition convert(String name) {
            return constant(ClassPosition.values(), name);
        }
    }

    /** {@code train}, {@code val} or {@code test}, or another name of one. */
    public static final class SplitName implements ITypeConverter<Split> {
        @Override
        public Split convert(String name) {
            return Split.named(name).orElseThrow(() -> unknown(Split.values(), name));
        }
    }

    private static <T> T known(String text, Function<String, T> parse) {
        try {
            return parse.apply(text);
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException(e.getMessage());
        }
    }

    private static <E extends Enum<E>> E constant(E[] values, String name) {
        for (E value : values) {
            if (id(value).equalsIgnoreCase(name)) {
                return value;
            }
        }
        throw unknown(values, name);
    }

    private static TypeConversionException unknown(Enum<?>[] values, String name) {
        List<String> ids = Arrays.stream(values).map(Converters::id).collect(Collectors.toList());
        String last = ids.remove(ids.size() - 1);
        return new TypeConversionException(
                "expected %s or %s, got '%s'".formatted(String.join(", ", ids), last, name));
    }

    private static String id(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
