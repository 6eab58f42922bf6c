package org.coop4j.cli.options;

import org.coop4j.text.Tokenizer;
import picocli.CommandLine.Option;

/** What becomes of a text that is too long. */
public final class TruncateOption {

    @Option(
            names = "--truncate",
            description =
                    "Truncate texts that exceed the context length; without it, they are an error.")
    private boolean truncate;

    /** Truncation, or an error. */
    public Tokenizer.Overflow overflow() {
        return truncate ? Tokenizer.Overflow.TRUNCATE : Tokenizer.Overflow.FAIL;
    }
}
