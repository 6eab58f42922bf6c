package org.coop4j.clip;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import org.coop4j.base.CacheFolder;
import org.coop4j.base.Resource;
import org.coop4j.model.convert.PackedModel;

/**
 * The small CLIP that comes with coop4j, trained on photographs, emoji and clip art for the demo, tests and first steps
 * (docs/model-card.md lists its limits).
 */
public final class ShippedModel {

    /** Its name in place of a model file. */
    public static final String NAME = "coop4j-small";

    private static final String RESOURCE = NAME + ".packed";

    private ShippedModel() {}

    /** Returns the SHA-256 of the model's file, in hexadecimal. */
    public static String sha256() throws IOException {
        try (InputStream packed = Resource.open(ShippedModel.class, RESOURCE)) {
            return PackedModel.sha256(packed, NAME);
        }
    }

    /** Returns the model as a file in the user's cache, unpacked at the first call. */
    public static Path cached() throws IOException {
        return file(CacheFolder.of(System.getenv()).resolve("model"));
    }

    /**
     * Returns the model as a file for {@link Clip#open}.
     *
     * @param folder to unpack it into, unless it is there already
     * @throws IOException if the folder cannot be written
     */
    public static Path file(Path folder) throws IOException {
        try (InputStream packed = Resource.open(ShippedModel.class, RESOURCE)) {
            return PackedModel.unpack(packed, NAME, folder, ModelHash::of);
        }
    }
}
