package org.coop4j.text;

import org.coop4j.base.SafeText;

/** A text that has more tokens than the context can hold. */
public final class TextTooLongException extends IllegalArgumentException {
    private static final int SHOWN = 120;

    TextTooLongException(String text, int tokenCount, int contextLength) {
        super(
                "text of %s tokens (including start and end) exceeds the context length %s: shorten or truncate it: \"%s\""
                        .formatted(tokenCount, contextLength, SafeText.shortened(text, SHOWN)));
    }
}
