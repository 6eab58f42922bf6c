package org.coop4j.weights.model;

import java.util.Locale;
import org.coop4j.base.InputException;

/** The activation of the MLPs, the same in both towers; the tensors do not show it. */
public enum MlpActivation {
    /** x · sigmoid(1.702 x), of OpenAI's models. */
    QUICK_GELU,
    /** x · Φ(x) with the exact error function, of most open_clip models. */
    GELU;

    /** Returns the activation of an architecture as published: OpenAI's, or that of the Perception Encoder. */
    public static MlpActivation published(ClipConfig architecture) {
        return architecture.peCore().isPresent() ? GELU : QUICK_GELU;
    }

    /** Returns the name in files and on the command line: {@code quick_gelu} or {@code gelu}. */
    public String id() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * Returns the activation of that name.
     *
     * @throws InputException if there is none
     */
    public static MlpActivation named(String id) throws InputException {
        for (MlpActivation activation : values()) {
            if (activation.id().equals(id)) {
                return activation;
            }
        }
        throw new InputException("activation: expected quick_gelu or gelu, got \"" + id + "\"");
    }
}
