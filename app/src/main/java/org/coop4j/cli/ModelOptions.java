package org.coop4j.cli;

import static org.coop4j.console.CommandFailure.require;

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
import org.coop4j.graph.host.Precision;
import org.coop4j.method.ClassifierFile;
import org.coop4j.model.PublishedModels;
import org.coop4j.model.download.ModelDownload;
import org.coop4j.predict.ClassifierModel;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The model and its vocabulary, where a learned classifier or features may stand in its place. */
public final class ModelOptions {

    @Option(
            names = {"-m", "--model"},
            paramLabel = "FILE")
    Path model;

    @Mixin
    Vocabulary vocabulary;

    /** The model that a command cannot work without. */
    static final class Needed {
        @Option(
                names = {"-m", "--model"},
                required = true,
                paramLabel = "FILE")
        Path model;

        @Mixin
        Vocabulary vocabulary;

        /** Opens the model in a precision. */
        Clip open(Optional<Precision> precision) throws IOException {
            return vocabulary.open(model, precision);
        }
    }

    /** Returns the model's file, or null if none was given. */
    Path file() throws IOException {
        return model == null ? null : file(model);
    }

    /** Reads a learned classifier: the folder of its run, or its file. */
    LearnedClassifier learned(Path prompt) throws IOException {
        Path file = ClassifierModel.classifierFile(prompt);
        return new LearnedClassifier(ClassifierFile.read(file), file, this);
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
            require(hint.isEmpty(), "there is no file or model %s%s", name, hint);
            return named;
        }
        Path converted = download(name).converted();
        require(Files.exists(converted), "%1$s is not downloaded yet: coop download %1$s fetches it", name);
        return converted;
    }

    /** Returns the download of a model into the user's cache. */
    static ModelDownload download(String name) {
        Map<String, String> environment = System.getenv();
        return new ModelDownload(name, CacheFolder.of(environment).resolve("models"), environment);
    }
}
