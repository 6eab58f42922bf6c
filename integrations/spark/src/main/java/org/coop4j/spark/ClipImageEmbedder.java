package org.coop4j.spark;

import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.Identifiable;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;
import org.coop4j.clip.FeatureSpace.FeatureKind;

/**
 * Appends the features of images.
 *
 * <p>Images are contents of files, as read by {@code spark.read().format("binaryFile")}, paths that executors can read,
 * or Spark's image structs.
 */
public final class ClipImageEmbedder extends ClipEmbedder<ClipImageEmbedder> {

    private static final long serialVersionUID = 1L;

    public ClipImageEmbedder() {
        this(Identifiable.randomUID("clipImages"));
    }

    public ClipImageEmbedder(String uid) {
        super(uid);
    }

    public static ClipImageEmbedder load(String path) {
        return read().load(path);
    }

    public static MLReader<ClipImageEmbedder> read() {
        return new DefaultParamsReader<>();
    }

    @Override
    void requireInput(StructType schema) {
        ImageColumn.kind(schema, required(inputCol()));
    }

    @Override
    public Dataset<Row> transform(Dataset<?> rows) {
        return transform(rows, FeatureKind.EMBEDDED);
    }

    /** Appends features of a kind. */
    Dataset<Row> transform(Dataset<?> rows, FeatureKind kind) {
        ImageColumn images = ImageColumn.of(rows, required(inputCol()));
        return append(rows, new EncodedRows(location(), images, kind));
    }
}
