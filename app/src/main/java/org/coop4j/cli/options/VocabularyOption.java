package org.coop4j.cli.options;

import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Supplier;
import org.coop4j.text.Tokenizer;
import picocli.CommandLine.Option;

/** The tokenizer's vocabulary. */
public final class VocabularyOption {

    @Option(
            names = "--vocabulary",
            paramLabel = "DIR",
            description =
                    "A Hugging Face folder with vocab.json and merges.txt, for a model that does"
                            + " not share CLIP's vocabulary.")
    private Path folder;

    /** Whether the command line names a vocabulary. */
    public boolean isGiven() {
        return folder != null;
    }

    /** The tokenizer of that vocabulary, or CLIP's, which is read when it is first needed. */
    Supplier<Tokenizer> lazily() throws IOException {
        if (folder == null) {
            return Tokenizer::load;
        }
        Tokenizer given = tokenizer();
        return () -> given;
    }

    /** The tokenizer of that vocabulary, or CLIP's. */
    public Tokenizer tokenizer() throws IOException {
        return folder == null ? Tokenizer.load() : Tokenizer.fromHuggingFace(folder);
    }
}
