package org.coop4j.spark;

import java.util.List;
import org.apache.spark.ml.Transformer;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.DefaultParamsWritable;
import org.apache.spark.ml.util.Identifiable;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.coop4j.clip.FeatureSpace.FeatureKind;

/**
 * Appends the features of images: vectors identical to those of {@code coop embed}, not normalised.
 *
 * <p>Images are contents of files, as read by {@code spark.read().format("binaryFile")}, paths that executors can read,
 * or Spark's image structs.
 */
public final class ClipImageEmbedder extends Transformer
        implements ClipStage<ClipImageEmbedder>, DefaultParamsWritable {

    private static final long serialVersionUID = 1L;

    private final String uid;

    public ClipImageEmbedder() {
        this(Identifiable.randomUID("clipImages"));
    }

    public ClipImageEmbedder(String uid) {
        this.uid = uid;
        setSharedDefaults();
        setDefault(outputCol(), "features");
    }

    public static ClipImageEmbedder load(String path) {
        return read().load(path);
    }

    public static MLReader<ClipImageEmbedder> read() {
        return new DefaultParamsReader<>();
    }

    @Override
    public String uid() {
        return uid;
    }

    public Param<String> outputCol() {
        return text("outputCol", "output column: a vector");
    }

    public ClipImageEmbedder setOutputCol(String value) {
        return setParam(outputCol(), value);
    }

    @Override
    public List<StructField> appended(StructType schema) {
        ImageColumn.kind(schema, required(inputCol()));
        return List.of(ClipStage.column(getOrDefault(outputCol()), SQLDataTypes.VectorType()));
    }

    @Override
    public StructType transformSchema(StructType schema) {
        return appendedTo(schema);
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

    @Override
    public ClipImageEmbedder copy(ParamMap extra) {
        return defaultCopy(extra);
    }
}
