package org.coop4j.method;

import org.coop4j.base.SafeText;

/** A class's prompt has more tokens than the model's context; the message is for the user. */
public final class PromptTooLongException extends IllegalArgumentException {

    private static final long serialVersionUID = 1;
    private static final int SHOWN = 60;

    PromptTooLongException(ClassName name, int tokens, int contextLength, int vectors) {
        super(
                String.format(
                        "class \"%s\": prompt of %d tokens exceeds the context length %d: shorten"
                                + " the class name or use fewer context vectors than %d",
                        SafeText.shortened(name.name(), SHOWN), tokens, contextLength, vectors));
    }
}
