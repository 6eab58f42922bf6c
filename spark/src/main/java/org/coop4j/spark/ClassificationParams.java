package org.coop4j.spark;

import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamValidators;

/** The parameters of what classifies images: those of the model, and the output columns. */
final class ClassificationParams extends ClipParams {

    private static final long serialVersionUID = 1L;

    final Param<String> predictionCol;
    final Param<String> predictedLabelCol;
    final Param<String> probabilityCol;
    final IntParam topK;
    final Param<String> topKCol;

    ClassificationParams(String uid) {
        super(uid, IMAGES);
        predictionCol =
                text(uid, "predictionCol", "output column: the class, counted from 0 (double)");
        predictedLabelCol =
                text(
                        uid,
                        "predictedLabelCol",
                        "output column: the name of the class; empty for none");
        probabilityCol =
                text(
                        uid,
                        "probabilityCol",
                        "output column: the probabilities of all classes (vector); empty for none");
        topK =
                new IntParam(
                        uid,
                        "topK",
                        "so many of the most probable classes go to topKCol",
                        ParamValidators.gtEq(0));
        topKCol =
                text(
                        uid,
                        "topKCol",
                        "output column, if topK is 1 or more: the most probable classes, each with"
                                + " label and probability");
    }

    @Override
    void setDefaults(ClipStage<?> stage) {
        super.setDefaults(stage);
        stage.setDefault(predictionCol, "prediction");
        stage.setDefault(predictedLabelCol, "predictedLabel");
        stage.setDefault(probabilityCol, "probability");
        stage.setDefault(topK, 0);
        stage.setDefault(topKCol, "topK");
    }
}
