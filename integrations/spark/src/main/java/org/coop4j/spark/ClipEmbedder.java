package org.coop4j.spark;

import java.util.List;
import org.apache.spark.ml.Transformer;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.util.DefaultParamsWritable;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * A stage that appends features: vectors identical to those of {@code coop embed}, not normalised.
 *
 * @param <S> the stage itself, which the setters return
 */
public abstract sealed class ClipEmbedder<S extends ClipEmbedder<S>> extends Transformer
        implements ClipStage<S>, DefaultParamsWritable permits ClipImageEmbedder, ClipTextEmbedder {

    private static final long serialVersionUID = 1L;

    private final String uid;

    ClipEmbedder(String uid) {
        this.uid = uid;
        setSharedDefaults();
        setDefault(outputCol(), "features");
    }

    @Override
    public String uid() {
        return uid;
    }

    public Param<String> outputCol() {
        return text("outputCol");
    }

    public S setOutputCol(String value) {
        return setParam(outputCol(), value);
    }

    @Override
    public List<StructField> appended(StructType schema) {
        requireInput(schema);
        return List.of(ClipStage.column(getOrDefault(outputCol()), SQLDataTypes.VectorType()));
    }

    /** Refuses rows whose input column has another type. */
    abstract void requireInput(StructType schema);

    @Override
    public StructType transformSchema(StructType schema) {
        return appendedTo(schema);
    }

    @Override
    public S copy(ParamMap extra) {
        return defaultCopy(extra);
    }
}
