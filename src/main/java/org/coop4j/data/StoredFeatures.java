package org.coop4j.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.HexFormat;
import org.coop4j.base.Sha256;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.graph.host.Precision;

/**
 * Features that were encoded before, a row each, as a file holds them; see {@link FeatureList} for
 * those of labelled images.
 */
public final class StoredFeatures {

    private final Path file;
    private final String sha256;
    private final String modelSha256;
    private final Float logLogitScale;
    private final Precision precision;
    private final float[][] rows;
    private final byte[][] contents; // null where the images' hashes are not known

    /**
     * @param file where they lie
     * @param sha256 of the file's content, in hexadecimal
     * @param modelSha256 of the model file that made them; empty if unknown
     * @param logLogitScale that model's parameter {@code logit_scale}; null if unknown
     * @param precision what the tower that made them computed in
     * @param rows [rows][width], finite and not zero
     * @param contents SHA-256 of each row's image file; null if unknown
     */
    StoredFeatures(
            Path file,
            String sha256,
            String modelSha256,
            Float logLogitScale,
            Precision precision,
            float[][] rows,
            byte[][] contents) {
        this.file = file;
        this.sha256 = sha256;
        this.modelSha256 = modelSha256;
        this.logLogitScale = logLogitScale;
        this.precision = precision;
        this.rows = rows;
        this.contents = contents;
    }

    /** One row. */
    public record Row(StoredFeatures features, int index) {

        /** Copies the row. */
        public void copy(float[] target, int offset) {
            System.arraycopy(features.rows[index], 0, target, offset, features.width());
        }

        /**
         * SHA-256 of the content of the image's file where that is known, else of the row's
         * numbers, in hexadecimal.
         */
        public String sha256() {
            if (features.contents != null) {
                return HexFormat.of().formatHex(features.contents[index]);
            }
            ByteBuffer bytes =
                    ByteBuffer.allocate(Float.BYTES * features.width()).order(ByteOrder.LITTLE_ENDIAN);
            bytes.asFloatBuffer().put(features.rows[index]);
            Sha256 hash = new Sha256();
            hash.add(bytes);
            return hash.hex();
        }
    }

    /** Where they lie. */
    public Path file() {
        return file;
    }

    /** SHA-256 of the file's content, in hexadecimal. */
    public String sha256() {
        return sha256;
    }

    /** SHA-256 of the model file that made them, in hexadecimal; empty if unknown. */
    public String modelSha256() {
        return modelSha256;
    }

    /** CLIP's parameter {@code logit_scale} of the model that made them, or else this. */
    public float logLogitScale(float otherwise) {
        return logLogitScale == null ? otherwise : logLogitScale;
    }

    /** What the tower that made them computed in. */
    public Precision precision() {
        return precision;
    }

    /** Number of rows. */
    public int size() {
        return rows.length;
    }

    /** Length of a row. */
    public int width() {
        return rows[0].length;
    }

    /** All rows, one after another. */
    public float[] toArray() {
        float[] all = new float[Math.multiplyExact(size(), width())];
        for (int i = 0; i < rows.length; i++) {
            System.arraycopy(rows[i], 0, all, i * width(), width());
        }
        return all;
    }

    /**
     * Checks that they lie in a space.
     *
     * @throws IOException if they are of another model, or of another width
     */
    public void requireOf(FeatureSpace space) throws IOException {
        requireSameModel(file.toString(), modelSha256, "the model", space.modelSha256());
        if (precision != space.precision()) {
            throw new DatasetException("%s was encoded in %s, and the model computes in %s: give --precision %s"
                    .formatted(file, precision.id(), space.precision().id(), precision.id()));
        }
        if (width() != space.embedDim()) {
            throw new DatasetException(
                    "%s has features of width %d, and this model's are %d wide: give the model that made them"
                            .formatted(file, width(), space.embedDim()));
        }
    }

    /**
     * Checks that features of images and of texts are of one model.
     *
     * @throws DatasetException if both models are known and differ, or the widths do
     */
    public void requireSameSpace(StoredFeatures other) throws DatasetException {
        requireSameModel(file.toString(), modelSha256, other.file.toString(), other.modelSha256);
        if (width() != other.width()) {
            throw new DatasetException("%s has features of width %d and %s of width %d: both must come from one model"
                    .formatted(file, width(), other.file, other.width()));
        }
    }

    private static void requireSameModel(String a, String shaOfA, String b, String shaOfB) throws DatasetException {
        if (!shaOfA.isEmpty() && !shaOfB.isEmpty() && !shaOfA.equals(shaOfB)) {
            throw new DatasetException(
                    "%s has features of the model %.12s…, and %s is of %.12s…: the vectors of one but this model is"
                            .formatted(a, shaOfA, b, shaOfB));
        }
    }
}
