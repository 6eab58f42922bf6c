package org.coop4j.cli;

import org.coop4j.method.ClassPosition;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads {@code end}, {@code middle} or {@code front}. */
final class PositionName implements ITypeConverter<ClassPosition> {

    @Override
    public ClassPosition convert(String name) {
        try {
            return ClassPosition.named(name);
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException(e.getMessage());
        }
    }
}
