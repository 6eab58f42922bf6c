package org.coop4j.weights.clip;

import java.util.Objects;
import java.util.Optional;
import org.coop4j.weights.ProgressListener;

/**
 * How to convert.
 *
 * @param activation the model's activation where its source does not tell; empty to rely on the
 *     source
 * @param progress is told the bytes handled
 */
public record ConversionOptions(Optional<Activation> activation, ProgressListener progress) {
    /** Checks that nothing is missing. */
    public ConversionOptions {
        Objects.requireNonNull(activation, "activation");
        Objects.requireNonNull(progress, "progress");
    }

    /** Rely on the source, tell nobody. */
    public static ConversionOptions defaults() {
        return new ConversionOptions(Optional.empty(), ProgressListener.NONE);
    }

    /** The same with an activation. */
    public ConversionOptions withActivation(Activation newActivation) {
        return new ConversionOptions(Optional.of(newActivation), progress);
    }

    /** The same with a listener. */
    public ConversionOptions withProgress(ProgressListener newProgress) {
        return new ConversionOptions(activation, newProgress);
    }
}
