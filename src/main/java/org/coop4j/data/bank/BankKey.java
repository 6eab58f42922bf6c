package org.coop4j.data.bank;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureKind;
import org.coop4j.graph.host.Precision;

/**
 * What the rows of a bank depend on besides the image and the view.
 *
 * @param weights SHA-256 of the model file, in hexadecimal
 * @param transform name of the transform, such as {@code test-224}
 * @param kind which row of the image tower
 * @param precision of the products that made them
 * @param width length of a row
 */
public record BankKey(
        String weights, String transform, FeatureKind kind, Precision precision, int width) {

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
        return new BankKey(
                clip.modelSha256(),
                transform.id(),
                kind,
                clip.precision(),
                clip.featureWidth(kind));
    }

    /** The bank's file below a folder. */
    Path file(Path folder) {
        String name = String.join(".", parts());
        return folder.resolve(weights.substring(0, 16)).resolve(name + ".bank");
    }

    /** The transform, then what is not as in the first banks: embeddings in float32. */
    private List<String> parts() {
        List<String> parts = new ArrayList<>(List.of(transform));
        if (kind != FeatureKind.EMBEDDED) {
            parts.add(kind.id());
        }
        if (precision != Precision.FLOAT32) {
            parts.add(precision.id());
        }
        return parts;
    }

    /** The first bytes of the file. */
    byte[] header() {
        List<String> lines = new ArrayList<>(parts());
        lines.add(0, weights);
        lines.add(2, String.valueOf(width));
        String text = MAGIC + String.join("\n", lines) + "\n";
        return ByteBuffer.allocate(HEADER_BYTES).put(text.getBytes(StandardCharsets.UTF_8)).array();
    }
}
