package org.coop4j.cli;

import org.coop4j.data.benchmark.Benchmark;
import org.coop4j.data.benchmark.Benchmarks;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Takes the name of a published dataset from the command line, in any of its forms. */
final class BenchmarkName implements ITypeConverter<Benchmark> {

    @Override
    public Benchmark convert(String name) {
        try {
            return Benchmarks.published().get(name);
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException(e.getMessage());
        }
    }
}
