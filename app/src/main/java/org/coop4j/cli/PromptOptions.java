package org.coop4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** A learned classifier that a command cannot work without, and its model. */
final class PromptOptions {

    @Option(
            names = {"-p", "--prompt"},
            required = true,
            paramLabel = "RUN|FILE")
    Path prompt;

    @Mixin
    ModelOptions model;

    /** Reads the classifier. */
    LearnedClassifier read() throws IOException {
        return model.learned(prompt);
    }
}
