package org.coop4j.method;

/** A class's prompt has more tokens than the model's context; the message is for the user. */
public final class PromptTooLongException extends IllegalArgumentException {

    private static final long serialVersionUID = 1;

    PromptTooLongException(ClassName name, int tokens, int contextLength, int vectors) {
        super(
                String.format(
                        "class \"%s\": prompt of %d tokens exceeds the context length %d: shorten"
                                + " the class name or use fewer context vectors than %d",
                        name.name(), tokens, contextLength, vectors));
    }
}
