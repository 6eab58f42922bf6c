package org.coop4j.cli.options;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.coop4j.base.CacheFolder;
import org.coop4j.clip.ShippedModel;
import org.coop4j.console.CommandFailure;
import org.coop4j.weights.download.ModelDownload;

/** A model that a user names: a file, or the small one that is shipped. */
public final class ModelFile {

    /** For the help of an option. */
    public static final String DESCRIPTION =
            "A model that coop convert wrote, one that coop download fetched by its name (such as"
                    + " ViT-B/32), or coop4j-small, the one that is shipped.";

    /** Where the model of a classifier is not found. */
    public static final String ADVICE = "give it with --model";

    private ModelFile() {}

    /** The file to open: a file's own name counts before that of a model. */
    public static Path of(Path named) throws IOException {
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
                    "%s was not downloaded yet: coop download %s fetches and converts it"
                            .formatted(name, name));
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
