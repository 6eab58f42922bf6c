package org.coop4j.cli;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads an integer of 1 or more. */
final class AtLeastOne implements ITypeConverter<Integer> {

    @Override
    public Integer convert(String text) {
        int value;
        try {
            value = Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw new TypeConversionException("'" + text + "' is no integer");
        }
        if (value < 1) {
            throw new TypeConversionException(value + " is too small: give 1 or more");
        }
        return value;
    }
}
