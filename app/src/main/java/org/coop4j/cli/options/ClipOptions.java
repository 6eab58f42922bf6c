package org.coop4j.cli.options;

import java.io.IOException;
import java.nio.file.Path;
import org.coop4j.base.Numbers;
import org.coop4j.clip.Clip;
import org.coop4j.console.CommandFailure;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which model a command uses, and which vocabulary. */
public final class ClipOptions {

    @Option(
            names = {"-m", "--model"},
            required = true,
            paramLabel = "FILE",
            description = ModelFile.DESCRIPTION)
    private Path model;

    @Mixin private VocabularyOption vocabulary;

    /** Opens the model for images alone. */
    public Clip open(Precision precision) throws IOException {
        return open(model, vocabulary, precision);
    }

    /** Opens the model and checks that it has the tokenizer's vocabulary. */
    public Clip openForTexts() throws IOException {
        return openForTexts(model, vocabulary);
    }

    private static Clip open(Path model, VocabularyOption vocabulary, Precision precision)
            throws IOException {
        return Clip.open(ModelFile.of(model), new Clip.Options(vocabulary.lazily(), Workers.standard(), precision));
    }

    /** Opens a model and checks that it has the tokenizer's vocabulary. */
    public static Clip openForTexts(Path model, VocabularyOption vocabulary) throws IOException {
        return openForTexts(model, vocabulary, Precision.FLOAT32);
    }

    /** The same in a precision. */
    public static Clip openForTexts(Path model, VocabularyOption vocabulary, Precision precision)
            throws IOException {
        Clip clip = open(model, vocabulary, precision);
        int expected = clip.architecture().text().vocabularySize();
        int given = clip.tokenizer().vocabularySize();
        if (expected != given) {
            clip.close();
            throw new CommandFailure(
                    "%s has a vocabulary of %s tokens, the tokenizer one of %s: give the model's own with --vocabulary"
                            .formatted(model, Numbers.count(expected), Numbers.count(given)));
        }
        return clip;
    }
}
