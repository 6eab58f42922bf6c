package org.coop4j.spark;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.Params;

/**
 * A stage that runs a model over a column: its parameters.
 *
 * @param <S> the stage itself, which the setters return
 */
public sealed interface ClipStage<S extends ClipStage<S>> extends Params
        permits ClipImageEmbedder, ClipTextEmbedder, ClassificationStage {

    /** The parameters' declarations. */
    ClipParams clipParams();

    /** The input column. */
    default Param<String> inputCol() {
        return clipParams().inputCol;
    }

    /**
     * The model: a path that driver and executors see, the bare name of a file that {@code --files}
     * distributed, or {@code coop4j-small}.
     */
    default Param<String> modelPath() {
        return clipParams().modelPath;
    }

    /** SHA-256 of the model's file; if it is not set, the driver reads it from its own file. */
    default Param<String> modelSha256() {
        return clipParams().modelSha256;
    }

    /** Rows that are worked on at a time; does not change the result. */
    default IntParam batchSize() {
        return clipParams().batchSize;
    }

    /** {@code error}, {@code skip} or {@code keep}. */
    default Param<String> handleInvalid() {
        return clipParams().handleInvalid;
    }

    /** With {@code handleInvalid} = {@code keep}: what is wrong with a row, or null. */
    default Param<String> errorCol() {
        return clipParams().errorCol;
    }

    default String getInputCol() {
        return getOrDefault(inputCol());
    }

    default S setInputCol(String value) {
        return setParam(inputCol(), value);
    }

    default String getModelPath() {
        return getOrDefault(modelPath());
    }

    /** Sets the path; the SHA-256 of another model is forgotten. */
    default S setModelPath(String value) {
        clear(modelSha256());
        return setParam(modelPath(), value);
    }

    default S setModelSha256(String value) {
        return setParam(modelSha256(), value);
    }

    default int getBatchSize() {
        return (int) getOrDefault(batchSize());
    }

    default S setBatchSize(int value) {
        return setParam(batchSize(), value);
    }

    default String getHandleInvalid() {
        return getOrDefault(handleInvalid());
    }

    default S setHandleInvalid(String value) {
        return setParam(handleInvalid(), AppendedColumns.Invalid.of(value).word());
    }

    default String getErrorCol() {
        return getOrDefault(errorCol());
    }

    default S setErrorCol(String value) {
        return setParam(errorCol(), value);
    }

    /** Sets a parameter. */
    @SuppressWarnings("unchecked")
    default <T> S setParam(Param<T> param, T value) {
        return (S) set(param, value);
    }

    /** The value of a parameter that has no default. */
    default <T> T required(Param<T> param) {
        if (!isDefined(param)) {
            throw new IllegalArgumentException("%s needs %s (%s)".formatted(uid(), param.name(), param.doc()));
        }
        return getOrDefault(param);
    }

    /** What becomes of rows that cannot be used. */
    default AppendedColumns.Invalid invalidRows() {
        return AppendedColumns.Invalid.of(getHandleInvalid());
    }

    /** The model, its file hashed here if nobody has said what it has to be. */
    default ModelLocation location() {
        String path = required(modelPath());
        if (isDefined(modelSha256())) {
            return new ModelLocation(path, getOrDefault(modelSha256()));
        }
        try {
            return new ModelLocation(path, SharedModels.sha256(path));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
