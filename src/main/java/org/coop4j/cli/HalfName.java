package org.coop4j.cli;

import org.coop4j.data.ClassHalf;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads {@code all}, {@code base} or {@code new}. */
final class HalfName implements ITypeConverter<ClassHalf> {

    @Override
    public ClassHalf convert(String name) {
        for (ClassHalf half : ClassHalf.values()) {
            if (half.name().equalsIgnoreCase(name)) {
                return half;
            }
        }
        throw new TypeConversionException("all, base or new is wanted, not '" + name + "'");
    }
}
