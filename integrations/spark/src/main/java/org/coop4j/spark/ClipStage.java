package org.coop4j.spark;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.ResourceBundle;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamValidators;
import org.apache.spark.ml.param.Params;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.coop4j.spark.AppendedColumns.Invalid;
import org.coop4j.spark.AppendedColumns.Work;
import scala.reflect.ClassTag;

/**
 * A stage that runs a model over a column. Spark finds the parameters by reflection, and compares them by their stage
 * and name: each call makes one.
 *
 * @param <S> the stage itself, which the setters return
 */
public sealed interface ClipStage<S extends ClipStage<S>> extends Params permits ClipEmbedder, ClassificationStage {

    default Param<String> inputCol() {
        return text("inputCol");
    }

    default Param<String> modelPath() {
        return text("modelPath");
    }

    default Param<String> modelSha256() {
        return text("modelSha256");
    }

    default IntParam batchSize() {
        return new IntParam(this, "batchSize", ClipStage.doc("batchSize"), ParamValidators.gtEq(1));
    }

    default Param<String> handleInvalid() {
        return text("handleInvalid");
    }

    default Param<String> errorCol() {
        return text("errorCol");
    }

    default S setInputCol(String value) {
        return setParam(inputCol(), value);
    }

    /** Sets the path, and clears the SHA-256 of an earlier one. */
    default S setModelPath(String value) {
        clear(modelSha256());
        return setParam(modelPath(), value);
    }

    default S setModelSha256(String value) {
        return setParam(modelSha256(), value);
    }

    default S setBatchSize(int value) {
        return setParam(batchSize(), value);
    }

    default S setHandleInvalid(String value) {
        return setParam(handleInvalid(), Invalid.of(value).word());
    }

    default S setErrorCol(String value) {
        return setParam(errorCol(), value);
    }

    /** Sets a parameter. */
    @SuppressWarnings("unchecked")
    default <T> S setParam(Param<T> param, T value) {
        return (S) set(param, value);
    }

    /** Sets the defaults of the parameters that all stages share. */
    default void setSharedDefaults() {
        setDefault(batchSize(), 64);
        setDefault(handleInvalid(), Invalid.ERROR.word());
        setDefault(errorCol(), "error");
    }

    /** Returns what a parameter means. */
    static String doc(String name) {
        return ResourceBundle.getBundle("org.coop4j.spark.params").getString(name);
    }

    /** Declares a text parameter: Spark 4.0 needs a class tag, later versions do not. */
    @SuppressWarnings("unchecked")
    default Param<String> text(String name) {
        String doc = doc(name);
        Class<?> text = String.class;
        try {
            try {
                return (Param<String>)
                        Param.class.getConstructor(text, text, text).newInstance(uid(), name, doc);
            } catch (NoSuchMethodException e) {
                return (Param<String>) Param.class
                        .getConstructor(text, text, text, ClassTag.class)
                        .newInstance(uid(), name, doc, ClassTag.apply(text));
            }
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("cannot declare parameters in this version of Spark: use 4.0 to 4.2", e);
        }
    }

    /** Returns the value of a parameter that has no default. */
    default <T> T required(Param<T> param) {
        if (!isDefined(param)) {
            throw new IllegalArgumentException("%s needs %s (%s)".formatted(uid(), param.name(), param.doc()));
        }
        return getOrDefault(param);
    }

    /** Returns the columns that the stage appends, after a check of its input columns. */
    List<StructField> appended(StructType schema);

    /** Returns the schema of the rows with the appended columns. */
    default StructType appendedTo(StructType schema) {
        StructType extended = schema;
        for (StructField field : appended(schema)) {
            extended = add(extended, field);
        }
        return invalid() == Invalid.KEEP
                ? add(extended, column(getOrDefault(errorCol()), DataTypes.StringType))
                : extended;
    }

    private static StructType add(StructType schema, StructField field) {
        if (List.of(schema.fieldNames()).contains(field.name())) {
            throw new IllegalArgumentException(
                    "the rows have a column \"%s\" already: drop it, or choose another name".formatted(field.name()));
        }
        return schema.add(field);
    }

    /** Returns a nullable column. */
    static StructField column(String name, DataType type) {
        return DataTypes.createStructField(name, type, true);
    }

    /** Appends the stage's columns. */
    default Dataset<Row> append(Dataset<?> rows, Work work) {
        return append(rows, work, (int) getOrDefault(batchSize()));
    }

    /** Appends the stage's columns, some rows at a time. */
    default Dataset<Row> append(Dataset<?> rows, Work work, int batch) {
        StructType schema = appendedTo(rows.schema());
        return rows.toDF()
                .mapPartitions(new AppendedColumns(work, schema.length(), batch, invalid()), Encoders.row(schema));
    }

    private Invalid invalid() {
        return Invalid.of(getOrDefault(handleInvalid()));
    }

    /** Returns the model, with the SHA-256 of the driver's file unless it is set. */
    default ModelLocation location() {
        String path = required(modelPath());
        try {
            return new ModelLocation(
                    path, isDefined(modelSha256()) ? getOrDefault(modelSha256()) : SharedModels.sha256(path));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
