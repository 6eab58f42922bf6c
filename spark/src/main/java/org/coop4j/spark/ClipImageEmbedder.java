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
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.coop4j.clip.FeatureKind;

/**
 * Appends the features of images: a vector as {@code coop embed} writes it, to the bit, not
 * normalised.
 *
 * <p>Images are contents of files, as {@code spark.read().format("binaryFile")} gives them, paths
 * that executors can read, or Spark's image structs.
 */
public final class ClipImageEmbedder extends Transformer
        implements ClipStage<ClipImageEmbedder>, DefaultParamsWritable {

    private static final long serialVersionUID = 1L;

    private final String uid;
    private final ClipParams clipParams;
    private final Param<String> outputCol;

    public ClipImageEmbedder() {
        this(Identifiable.randomUID("clipImages"));
    }

    public ClipImageEmbedder(String uid) {
        this.uid = uid;
        clipParams = new ClipParams(uid, ClipParams.IMAGES);
        outputCol = ClipParams.text(uid, "outputCol", "output column: a vector");
        clipParams.setDefaults(this);
        setDefault(outputCol, "features");
    }

    /** Reads a stage that {@link #save} wrote. */
    public static ClipImageEmbedder load(String path) {
        return read().load(path);
    }

    /** Reads stages of this kind. */
    public static MLReader<ClipImageEmbedder> read() {
        return new DefaultParamsReader<>();
    }

    @Override
    public String uid() {
        return uid;
    }

    @Override
    public ClipParams clipParams() {
        return clipParams;
    }

    /** The output column. */
    public Param<String> outputCol() {
        return outputCol;
    }

    public String getOutputCol() {
        return getOrDefault(outputCol);
    }

    public ClipImageEmbedder setOutputCol(String value) {
        return setParam(outputCol, value);
    }

    @Override
    public StructType transformSchema(StructType schema) {
        ImageColumn.kind(schema, required(inputCol()));
        StructField vector = DataTypes.createStructField(getOutputCol(), SQLDataTypes.VectorType(), true);
        return AppendedColumns.schema(schema, List.of(vector), invalidRows(), getErrorCol());
    }

    @Override
    public Dataset<Row> transform(Dataset<?> rows) {
        return transform(rows, FeatureKind.EMBEDDED);
    }

    /** Appends rows of a kind. */
    Dataset<Row> transform(Dataset<?> rows, FeatureKind kind) {
        StructType schema = transformSchema(rows.schema(), true);
        ImageColumn images = ImageColumn.of(rows, getInputCol());
        EncodedRows features = new EncodedRows(location(), images, kind);
        return new AppendedColumns(features, 1, getBatchSize(), invalidRows()).appendTo(rows, schema);
    }

    @Override
    public ClipImageEmbedder copy(ParamMap extra) {
        return defaultCopy(extra);
    }
}
