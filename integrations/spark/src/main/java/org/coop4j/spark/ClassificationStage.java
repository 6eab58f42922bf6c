package org.coop4j.spark;

import java.util.ArrayList;
import java.util.List;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamValidators;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.coop4j.spark.ImagePredictions.Outputs;

/**
 * A stage that classifies images, or makes one that does.
 *
 * @param <S> the stage itself, which the setters return
 */
public sealed interface ClassificationStage<S extends ClassificationStage<S>> extends ClipStage<S>
        permits PromptClassificationModel, CoopEstimator {

    default Param<String> predictionCol() {
        return text("predictionCol", "output column: number of the class, from 0 (double)");
    }

    default Param<String> predictedLabelCol() {
        return text("predictedLabelCol", "output column: name of the class; empty for none");
    }

    default Param<String> probabilityCol() {
        return text("probabilityCol", "output column: probabilities of all classes (vector); empty for none");
    }

    default IntParam topK() {
        return new IntParam(this, "topK", "number of most probable classes in topKCol", ParamValidators.gtEq(0));
    }

    default Param<String> topKCol() {
        return text("topKCol", "output column if topK is 1 or more: array of label and probability");
    }

    default S setPredictionCol(String value) {
        return setParam(predictionCol(), value);
    }

    default S setPredictedLabelCol(String value) {
        return setParam(predictedLabelCol(), value);
    }

    default S setProbabilityCol(String value) {
        return setParam(probabilityCol(), value);
    }

    default S setTopK(int value) {
        return setParam(topK(), value);
    }

    default S setTopKCol(String value) {
        return setParam(topKCol(), value);
    }

    @Override
    default void setSharedDefaults() {
        ClipStage.super.setSharedDefaults();
        setDefault(predictionCol(), "prediction");
        setDefault(predictedLabelCol(), "predictedLabel");
        setDefault(probabilityCol(), "probability");
        setDefault(topK(), 0);
        setDefault(topKCol(), "topK");
    }

    /** Returns the columns that are computed for each image. */
    default Outputs outputs() {
        return new Outputs(
                !getOrDefault(predictedLabelCol()).isEmpty(),
                !getOrDefault(probabilityCol()).isEmpty(),
                (int) getOrDefault(topK()));
    }

    @Override
    default List<StructField> appended(StructType schema) {
        ImageColumn.kind(schema, required(inputCol()));
        Outputs outputs = outputs();
        List<StructField> columns = new ArrayList<>();
        columns.add(ClipStage.column(getOrDefault(predictionCol()), DataTypes.DoubleType));
        if (outputs.label()) {
            columns.add(ClipStage.column(getOrDefault(predictedLabelCol()), DataTypes.StringType));
        }
        if (outputs.probabilities()) {
            columns.add(ClipStage.column(getOrDefault(probabilityCol()), SQLDataTypes.VectorType()));
        }
        if (outputs.topK() > 0) {
            StructType ranked = new StructType()
                    .add("label", DataTypes.StringType, false)
                    .add("probability", DataTypes.DoubleType, false);
            columns.add(ClipStage.column(getOrDefault(topKCol()), DataTypes.createArrayType(ranked, false)));
        }
        return columns;
    }
}
