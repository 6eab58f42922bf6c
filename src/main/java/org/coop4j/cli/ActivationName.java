package org.coop4j.cli;

import org.coop4j.weights.WeightsException;
import org.coop4j.weights.clip.Activation;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads {@code quick_gelu} or {@code gelu}. */
final class ActivationName implements ITypeConverter<Activation> {

    @Override
    public Activation convert(String name) {
        try {
            return Activation.named(name);
        } catch (WeightsException e) {
            throw new TypeConversionException("quick_gelu or gelu is wanted, not '" + name + "'");
        }
    }
}
