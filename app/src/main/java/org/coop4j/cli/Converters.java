package org.coop4j.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.function.Function;
import org.coop4j.base.InputException;
import org.coop4j.base.Numbers;
import org.coop4j.base.Require;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.data.ImageDataset.Split;
import org.coop4j.data.benchmark.Benchmark;
import org.coop4j.data.benchmark.Benchmarks;
import org.coop4j.model.ClipConfig;
import org.coop4j.page.Shots;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Converters of option values; a wrong value is named with what was expected. */
public final class Converters {

    private Converters() {}

    /** Registers the converters of all types that options have. */
    static void register(CommandLine line) {
        register(line, ReferencePreset.class, ReferencePreset::named);
        register(line, MemoryLimit.class, text -> new MemoryLimit(Numbers.parseBytes(text)));
        register(line, Benchmark.class, name -> Benchmarks.published().get(name));
        register(line, Split.class, Converters::split);
        register(line, Shots.class, Converters::shots);
        line.setCaseInsensitiveEnumValuesAllowed(true);
    }

    private static <T> void register(CommandLine line, Class<T> type, Function<String, T> parse) {
        line.registerConverter(type, text -> {
            try {
                return parse.apply(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        });
    }

    private static Shots shots(String text) {
        Require.that(!text.matches("0+"), "shots: expected 1 or more, or all, got %s", text);
        return Shots.parse(text);
    }

    private static Split split(String text) {
        return Split.named(text)
                .orElseThrow(() -> new IllegalArgumentException("expected train, val or test, got '" + text + "'"));
    }

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

    /** The name of a published architecture. */
    static final class Architecture implements ITypeConverter<String>, Iterable<String> {
        @Override
        public String convert(String name) {
            try {
                ClipConfig.named(name);
                return name;
            } catch (InputException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }

        @Override
        public Iterator<String> iterator() {
            return ClipConfig.published().keySet().iterator();
        }
    }

    /** An integer of 1 or more. */
    public static final class Positive implements ITypeConverter<Integer> {
        @Override
        public Integer convert(String text) {
            if (!text.matches("0*[1-9]\\d{0,8}")) {
                throw new TypeConversionException("expected an integer of 1 or more, got " + text);
            }
            return Integer.valueOf(text);
        }
    }
}
