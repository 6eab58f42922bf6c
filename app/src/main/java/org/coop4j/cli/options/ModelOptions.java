package org.coop4j.cli.options;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.coop4j.base.CacheFolder;
import org.coop4j.base.Numbers;
import org.coop4j.clip.Clip;
import org.coop4j.clip.ShippedModel;
import org.coop4j.console.CommandFailure;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.weights.download.ModelDownload;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which model a command uses, and which vocabulary. */
public final class ModelOptions {

    /** For the help of an option. */
    public static final String DESCRIPTION =
            "A model that coop convert wrote, one that coop download fetched by its name (such as"
                    + " ViT-B/32), or coop4j-small, the one that is shipped.";

    /** Where the model of a classifier is not found. */
    public static final String ADVICE = "give it with --model";

    @Option(
            names = {"-m", "--model"},
            required = true,
            paramLabel = "FILE",
            description = DESCRIPTION)
    private Path model;

    @Mixin
    private Options.Vocabulary vocabulary;

    /** Opens the model for images alone. */
    public Clip open(Precision precision) throws IOException {
        return open(model, vocabulary, precision);
    }

    /** Opens the model and checks that it has the tokenizer's vocabulary. */
    public Clip openForTexts() throws IOException {
        return openForTexts(model, vocabulary);
    }

    private static Clip open(Path model, Options.Vocabulary vocabulary, Precision precision) throws IOException {
        return Clip.open(file(model), new Clip.Options(vocabulary.lazily(), Workers.standard(), precision));
    }

    /** Opens a model and checks that it has the tokenizer's vocabulary. */
    public static Clip openForTexts(Path model, Options.Vocabulary vocabulary) throws IOException {
        return openForTexts(model, vocabulary, Precision.FLOAT32);
    }

    /** The same in a precision. */
    public static Clip openForTexts(Path model, Options.Vocabulary vocabulary, Precision precision) throws IOException {
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

    /** The file to open: a file's own name counts before that of a model. */
    public static Path file(Path named) throws IOException {
        if (Files.exists(named)) {
            return named;
        }
        String name = named.toString();
        if (name.equals(ShippedModel.NAME)) {
            return shipped();
        }
        return ModelDownload.isName(name) ? downloaded(name) : named;
    }

    private static Path downloaded(String name) {
        Path converted = download(name).converted();
        if (!Files.exists(converted)) {
            throw new CommandFailure(
                    "%s was not downloaded yet: coop download %s fetches and converts it".formatted(name, name));
        }
        return converted;
    }

    /** The download of a model into the user's cache. */
    public static ModelDownload download(String name) {
        Map<String, String> environment = System.getenv();
        Path models = CacheFolder.of(environment).resolve("models");
        return new ModelDownload(name, models, environment);
    }

    /** The shipped model, unpacked in the user's cache. */
    public static Path shipped() throws IOException {
        return ShippedModel.cached();
    }
}
