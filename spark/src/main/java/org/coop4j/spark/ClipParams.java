package org.coop4j.spark;

import java.io.Serializable;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamValidators;
import scala.reflect.ClassTag;

/** The parameters of a stage that runs a model over a column, and of one that classifies images. */
final class ClipParams implements Serializable {

    private static final long serialVersionUID = 1L;
    private static final int BATCH_SIZE = 64;

    /** What the input column of a stage for images holds. */
    static final String IMAGES = "contents of image files (binary), paths (string), or image structs";

    final Param<String> inputCol;
    final Param<String> modelPath;
    final Param<String> modelSha256;
    final IntParam batchSize;
    final Param<String> handleInvalid;
    final Param<String> errorCol;

    // Of a stage that classifies images: other stages do not show them.
    final Param<String> predictionCol;
    final Param<String> predictedLabelCol;
    final Param<String> probabilityCol;
    final IntParam topK;
    final Param<String> topKCol;

    /**
     * @param uid of the stage
     * @param input what the input column holds
     */
    ClipParams(String uid, String input) {
        inputCol = text(uid, "inputCol", "input column: " + input);
        modelPath = text(
                uid,
                "modelPath",
                "model that coop convert wrote: a path that driver and executors see, the"
                        + " bare name of a file that --files distributed, or coop4j-small");
        modelSha256 = text(
                uid,
                "modelSha256",
                "SHA-256 of the model's file, in hexadecimal; if it is not set, the driver"
                        + " reads it from its own file");
        batchSize = new IntParam(uid, "batchSize", "rows that are worked on at a time", ParamValidators.gtEq(1));
        handleInvalid = text(uid, "handleInvalid", "what becomes of rows that cannot be used: error, skip or keep");
        errorCol = text(uid, "errorCol", "output column of handleInvalid=keep: what is wrong with the row");
        predictionCol = text(uid, "predictionCol", "output column: the class, counted from 0 (double)");
        predictedLabelCol = text(uid, "predictedLabelCol", "output column: the name of the class; empty for none");
        probabilityCol =
                text(uid, "probabilityCol", "output column: the probabilities of all classes (vector); empty for none");
        topK = new IntParam(uid, "topK", "so many of the most probable classes go to topKCol", ParamValidators.gtEq(0));
        topKCol = text(
                uid,
                "topKCol",
                "output column, if topK is 1 or more: the most probable classes, each with" + " label and probability");
    }

    /** A parameter that is a text: Spark 4.0 asks for a class tag, later versions do not. */
    @SuppressWarnings("unchecked")
    static Param<String> text(String uid, String name, String doc) {
        try {
            return (Param<String>) newParam(uid, name, doc);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(
                    "this version of Spark declares parameters in another way: expected 4.0 to 4.2", e);
        }
    }

    private static Param<?> newParam(String uid, String name, String doc) throws ReflectiveOperationException {
        Class<?> text = String.class;
        try {
            return Param.class.getConstructor(text, text, text).newInstance(uid, name, doc);
        } catch (NoSuchMethodException e) {
            return Param.class
                    .getConstructor(text, text, text, ClassTag.class)
                    .newInstance(uid, name, doc, ClassTag.apply(text));
        }
    }

    /** Sets the defaults of the stage that it belongs to. */
    void setDefaults(ClipStage<?> stage) {
        stage.setDefault(batchSize, BATCH_SIZE);
        stage.setDefault(handleInvalid, AppendedColumns.Invalid.ERROR.word());
        stage.setDefault(errorCol, "error");
        if (stage instanceof ClassificationStage) {
            stage.setDefault(predictionCol, "prediction");
            stage.setDefault(predictedLabelCol, "predictedLabel");
            stage.setDefault(probabilityCol, "probability");
            stage.setDefault(topK, 0);
            stage.setDefault(topKCol, "topK");
        }
    }
}
