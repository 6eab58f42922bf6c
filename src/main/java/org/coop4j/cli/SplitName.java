package org.coop4j.cli;

import org.coop4j.data.Split;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads {@code train}, {@code val} or {@code test}. */
final class SplitName implements ITypeConverter<Split> {

    @Override
    public Split convert(String name) {
        return Split.named(name)
                .orElseThrow(
                        () ->
                                new TypeConversionException(
                                        "train, val or test is wanted, not '" + name + "'"));
    }
}
