package org.coop4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.coop4j.base.CacheFolder;
import org.coop4j.base.Spelling;
import org.coop4j.cli.Options.Vocabulary;
import org.coop4j.clip.Clip;
import org.coop4j.clip.ShippedModel;
import org.coop4j.console.CommandFailure;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.model.ConvertedModel;
import org.coop4j.model.PublishedModels;
import org.coop4j.model.download.ModelDownload;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The model and its vocabulary. */
public final class ModelOptions {

    @Option(
            names = {"-m", "--model"},
            required = true,
            paramLabel = "FILE")
    Path model;

    @Mixin
    Vocabulary vocabulary;

    /** Opens the model for images alone. */
    Clip open(Optional<Precision> precision) throws IOException {
        return Clip.open(file(model), vocabulary.clip(precision));
    }

    /** Opens the model in a precision and checks that it has the tokenizer's vocabulary. */
    Clip openForTexts(Optional<Precision> precision) throws IOException {
        return vocabulary.open(model, precision, Workers.standard());
    }

    /** Returns the prompt of a model's authors, if they have one. */
    static Optional<String> authorsPrompt(Path named) throws IOException {
        try (ConvertedModel model = ConvertedModel.open(file(named))) {
            return model.metadata().template();
        }
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
            List<String> known = new ArrayList<>(PublishedModels.downloads());
            known.add(ShippedModel.NAME);
            String hint = Spelling.hint(name, known);
            CommandFailure.require(hint.isEmpty(), "there is no file or model %s%s", name, hint);
            return named;
        }
        Path converted = download(name).converted();
        CommandFailure.require(
                Files.exists(converted), "%1$s is not downloaded yet: coop download %1$s fetches it", name);
        return converted;
    }

    /** Returns the download of a model into the user's cache. */
    static ModelDownload download(String name) {
        Map<String, String> environment = System.getenv();
        return new ModelDownload(name, CacheFolder.of(environment).resolve("models"), environment);
    }
}
