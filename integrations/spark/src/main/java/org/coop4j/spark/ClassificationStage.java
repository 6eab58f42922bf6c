package org.coop4j.spark;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamValidators;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.coop4j.spark.ImagePredictions.Output;

/**
 * A stage that classifies images, or makes one that does.
 *
 * @param <S> the stage itself, which the setters return
 */
public sealed interface ClassificationStage<S extends ClassificationStage<S>> extends ClipStage<S>
        permits PromptClassificationModel, ClipPoolTransformer, CoopEstimator {

    default Param<String> predictionCol() {
        return text("predictionCol");
    }

    default Param<String> predictedLabelCol() {
        return text("predictedLabelCol");
    }

    default Param<String> probabilityCol() {
        return text("probabilityCol");
    }

    default IntParam topK() {
        return new IntParam(this, "topK", ClipStage.doc("topK"), ParamValidators.gtEq(0));
    }

    default Param<String> topKCol() {
        return text("topKCol");
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

    /** Returns the names of the columns that are computed for each image. */
    default Map<Output, String> outputs() {
        Map<Output, String> names = new EnumMap<>(Map.of(
                Output.PREDICTION, getOrDefault(predictionCol()),
                Output.LABEL, getOrDefault(predictedLabelCol()),
                Output.PROBABILITIES, getOrDefault(probabilityCol()),
                Output.TOP_K, (int) getOrDefault(topK()) > 0 ? getOrDefault(topKCol()) : ""));
        names.values().removeIf(String::isEmpty);
        return names;
    }

    @Override
    default List<StructField> appended(StructType schema) {
        ImageColumn.kind(schema, required(inputCol()));
        return outputColumns();
    }

    /** Returns the columns that are computed for each image. */
    default List<StructField> outputColumns() {
        return outputs().entrySet().stream()
                .map(output ->
                        ClipStage.column(output.getValue(), output.getKey().type()))
                .toList();
    }
}
