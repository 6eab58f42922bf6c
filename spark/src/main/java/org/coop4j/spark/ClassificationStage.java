package org.coop4j.spark;

import java.util.ArrayList;
import java.util.List;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * A stage that classifies images, or makes one that does: its output columns.
 *
 * @param <S> the stage itself, which the setters return
 */
public sealed interface ClassificationStage<S extends ClassificationStage<S>> extends ClipStage<S>
        permits PromptClassificationModel, CoopEstimator {

    /** The class, counted from 0, as a double. */
    default Param<String> predictionCol() {
        return clipParams().predictionCol;
    }

    /** The name of the class; an empty name leaves the column out. */
    default Param<String> predictedLabelCol() {
        return clipParams().predictedLabelCol;
    }

    /** The probabilities of all classes, a vector; an empty name leaves the column out. */
    default Param<String> probabilityCol() {
        return clipParams().probabilityCol;
    }

    /** So many of the most probable classes go to {@link #topKCol}; 0 leaves the column out. */
    default IntParam topK() {
        return clipParams().topK;
    }

    /** The most probable classes, an array of {@code label} and {@code probability}. */
    default Param<String> topKCol() {
        return clipParams().topKCol;
    }

    default String getPredictionCol() {
        return getOrDefault(predictionCol());
    }

    default S setPredictionCol(String value) {
        return setParam(predictionCol(), value);
    }

    default String getPredictedLabelCol() {
        return getOrDefault(predictedLabelCol());
    }

    default S setPredictedLabelCol(String value) {
        return setParam(predictedLabelCol(), value);
    }

    default String getProbabilityCol() {
        return getOrDefault(probabilityCol());
    }

    default S setProbabilityCol(String value) {
        return setParam(probabilityCol(), value);
    }

    default int getTopK() {
        return (int) getOrDefault(topK());
    }

    default S setTopK(int value) {
        return setParam(topK(), value);
    }

    default String getTopKCol() {
        return getOrDefault(topKCol());
    }

    default S setTopKCol(String value) {
        return setParam(topKCol(), value);
    }

    /** What is computed of each image. */
    default ImagePredictions.Outputs outputs() {
        return new ImagePredictions.Outputs(
                !getPredictedLabelCol().isEmpty(), !getProbabilityCol().isEmpty(), getTopK());
    }

    /** The schema with the output columns. */
    default StructType predictedSchema(StructType schema) {
        ImageColumn.kind(schema, required(inputCol()));
        ImagePredictions.Outputs outputs = outputs();
        List<StructField> fields = new ArrayList<>();
        fields.add(DataTypes.createStructField(getPredictionCol(), DataTypes.DoubleType, true));
        if (outputs.label()) {
            fields.add(DataTypes.createStructField(getPredictedLabelCol(), DataTypes.StringType, true));
        }
        if (outputs.probabilities()) {
            fields.add(DataTypes.createStructField(getProbabilityCol(), SQLDataTypes.VectorType(), true));
        }
        if (outputs.topK() > 0) {
            StructType ranked = new StructType()
                    .add("label", DataTypes.StringType, false)
                    .add("probability", DataTypes.DoubleType, false);
            fields.add(DataTypes.createStructField(getTopKCol(), DataTypes.createArrayType(ranked, false), true));
        }
        return AppendedColumns.schema(schema, fields, invalidRows(), getErrorCol());
    }
}
