package org.coop4j.cli.options;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Supplier;
import org.coop4j.base.CacheFolder;
import org.coop4j.base.Numbers;
import org.coop4j.clip.Clip;
import org.coop4j.clip.ShippedModel;
import org.coop4j.console.CommandFailure;
import org.coop4j.graph.host.Backend;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.image.ImageDecoder;
import org.coop4j.text.Tokenizer;
import org.coop4j.weights.download.ModelDownload;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The model and its vocabulary. */
public final class ModelOptions {

    /** Description of the option in the help. */
    public static final String DESCRIPTION = "A model: a file that coop convert wrote, the name of a downloaded one"
            + " (such as ViT-B/32), or coop4j-small, which is shipped.";

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
        return Clip.open(file(model), vocabulary.clip(precision, Workers.standard()));
    }

    /** Opens the model and checks that it has the tokenizer's vocabulary. */
    public Clip openForTexts() throws IOException {
        return openForTexts(() -> Precision.FLOAT32);
    }

    /**
     * Opens the model and checks that it has the tokenizer's vocabulary, which is read while ND4J starts, as are the readers of images.
     *
     * @param precision chosen afterwards, since the choice may wait for ND4J
     */
    public Clip openForTexts(Supplier<Precision> precision) throws IOException {
        Backend.startAhead();
        Tokenizer tokenizer = vocabulary.tokenizer();
        ImageDecoder.prepare();
        Clip.Options options = new Clip.Options(() -> tokenizer, Workers.standard(), precision.get());
        return checked(Clip.open(file(model), options), model);
    }

    /** Opens a model and checks that it has the tokenizer's vocabulary. */
    public static Clip openForTexts(Path model, Options.Vocabulary vocabulary) throws IOException {
        return openForTexts(model, vocabulary, Precision.FLOAT32, Workers.standard());
    }

    /** Opens a model in a precision, for some threads, and checks that it has the tokenizer's vocabulary. */
    public static Clip openForTexts(Path model, Options.Vocabulary vocabulary, Precision precision, Workers workers)
            throws IOException {
        return checked(Clip.open(file(model), vocabulary.clip(precision, workers)), model);
    }

    private static Clip checked(Clip clip, Path model) throws IOException {
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

    /** Returns the file to open; an existing file takes precedence over a model of the same name. */
    public static Path file(Path named) throws IOException {
        String name = named.toString();
        if (Files.exists(named)) {
            return named;
        }
        if (name.equals(ShippedModel.NAME)) {
            return ShippedModel.cached();
        }
        if (!ModelDownload.isName(name)) {
            return named;
        }
        Path converted = download(name).converted();
        CommandFailure.require(
                Files.exists(converted), "%1$s is not downloaded yet: coop download %1$s fetches it".formatted(name));
        return converted;
    }

    /** Returns the download of a model into the user's cache. */
    public static ModelDownload download(String name) {
        Map<String, String> environment = System.getenv();
        return new ModelDownload(name, CacheFolder.of(environment).resolve("models"), environment);
    }
}
