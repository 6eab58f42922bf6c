package org.coop4j.text;

import org.coop4j.base.SafeText;

/** A text has more tokens than the context holds. */
public final class TextTooLongException extends IllegalArgumentException {
    private static final int SHOWN = 120;

    private final int tokenCount;
    private final int contextLength;

    TextTooLongException(String text, int tokenCount, int contextLength) {
        super(
                "text of %s tokens (start and end token included) exceeds the context length %s: shorten or truncate it: \"%s\""
                        .formatted(tokenCount, contextLength, SafeText.shortened(text, SHOWN)));
        this.tokenCount = tokenCount;
        this.contextLength = contextLength;
    }

    /** The text's number of tokens, start and end token included. */
    public int tokenCount() {
        return tokenCount;
    }

    /** The number of tokens that the context holds. */
    public int contextLength() {
        return contextLength;
    }
}
