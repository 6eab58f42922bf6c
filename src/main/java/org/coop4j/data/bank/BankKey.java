package org.coop4j.data.bank;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureKind;

/**
 * What the rows of a bank depend on besides the image and the view.
 *
 * @param weights SHA-256 of the model file, in hexadecimal
 * @param transform name of the transform, such as {@code test-224}
 * @param kind which row of the image tower
 * @param width length of a row
 */
public record BankKey(String weights, String transform, FeatureKind kind, int width) {

    static final int HEADER_BYTES = 512;
    private static final String MAGIC = "coop4j feature bank 1\n";

    /**
     * The key of a model's embeddings.
     *
     * @throws IOException if the model file cannot be read
     */
    public static BankKey of(Clip clip, ImageTransform transform) throws IOException {
        return of(clip, transform, FeatureKind.EMBEDDED);
    }

    /**
     * The key of a model's rows of a kind.
     *
     * @throws IOException if the model file cannot be read
     */
    public static BankKey of(Clip clip, ImageTransform transform, FeatureKind kind)
            throws IOException {
        return new BankKey(clip.model().sha256(), transform.id(), kind, clip.featureWidth(kind));
    }

    /** The bank's file below a folder. */
    Path file(Path folder) {
        String suffix = kind.id().isEmpty() ? "" : "." + kind.id();
        return folder.resolve(weights.substring(0, 16)).resolve(transform + suffix + ".bank");
    }

    /** The first bytes of the file. */
    byte[] header() {
        String kindLine = kind.id().isEmpty() ? "" : kind.id() + "\n";
        String text = MAGIC + weights + "\n" + transform + "\n" + width + "\n" + kindLine;
        return ByteBuffer.allocate(HEADER_BYTES).put(text.getBytes(StandardCharsets.UTF_8)).array();
    }
}
