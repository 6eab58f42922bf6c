package org.coop4j.cli.options;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.coop4j.clip.ShippedModel;

/** A model that a user names: a file, or the small one that is shipped. */
public final class ModelFile {

    /** For the help of an option. */
    public static final String DESCRIPTION =
            "A model that coop convert wrote, or coop4j-small, the one that is shipped.";

    private ModelFile() {}

    /** The file to open. */
    public static Path of(Path named) throws IOException {
        boolean shipped = named.toString().equals(ShippedModel.NAME) && !Files.exists(named);
        return shipped ? shipped() : named;
    }

    /** The shipped model, unpacked in the user's cache. */
    public static Path shipped() throws IOException {
        return ShippedModel.cached();
    }
}
