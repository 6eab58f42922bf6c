package org.coop4j.model;

import java.util.Locale;
import org.coop4j.base.InputException;

/** The activation of a tower's MLPs; the tensors do not show it. */
public enum MlpActivation {
    /** x · sigmoid(1.702 x), of OpenAI's models. */
    QUICK_GELU,
    /** x · Φ(x) with the exact error function, of most open_clip models. */
    GELU,
    /** The approximation of GELU by a hyperbolic tangent, of SigLIP. */
    GELU_TANH,
    /** x · sigmoid(x) of one half of the hidden channels, multiplied by the other: TIPS's largest image tower. */
    SWIGLU,
    /** max(x, 0), of TIPS's text towers. */
    RELU;

    /** Returns the activation of an architecture's image tower as it was trained. */
    public static MlpActivation published(ClipConfig architecture) {
        return switch (architecture.family()) {
            case CLIP -> QUICK_GELU;
            case PE_CORE -> GELU;
            case SIGLIP -> GELU_TANH;
            case TIPS -> ((ClipConfig.Vit) architecture.vision()).gated() ? SWIGLU : GELU;
        };
    }

    /** Returns the name in files and on the command line, such as {@code quick_gelu}. */
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
        throw new InputException(
                "activation: expected quick_gelu, gelu, gelu_tanh, swiglu or relu, got \"" + id + "\"");
    }
}
