package org.coop4j.spark;

import java.io.Serializable;
import java.util.List;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamValidators;
import scala.reflect.ClassTag;

/** The parameters of a stage that runs a model over a column. */
final class ClipParams implements Serializable {

    private static final long serialVersionUID = 1L;
    private static final int BATCH_SIZE = 64;

    final Param<String> inputCol;
    final Param<String> modelPath;
    final Param<String> modelSha256;
    final IntParam batchSize;
    final Param<String> handleInvalid;
    final Param<String> errorCol;

    /**
     * @param uid of the stage
     * @param input what the input column holds
     */
    ClipParams(String uid, String input) {
        inputCol = text(uid, "inputCol", "input column: " + input);
        modelPath =
                text(
                        uid,
                        "modelPath",
                        "model that coop convert wrote: a path that driver and executors see, the"
                                + " bare name of a file that --files distributed, or coop4j-small");
        modelSha256 =
                text(
                        uid,
                        "modelSha256",
                        "SHA-256 of the model's file, in hexadecimal; if it is not set, the driver"
                                + " reads it from its own file");
        batchSize =
                new IntParam(
                        uid,
                        "batchSize",
                        "rows that are worked on at a time",
                        ParamValidators.gtEq(1));
        handleInvalid =
                new Param<>(
                        uid,
                        "handleInvalid",
                        "what becomes of rows that cannot be used: error, skip or keep",
                        ParamValidators.inArray(List.of("error", "skip", "keep")),
                        ClassTag.apply(String.class));
        errorCol =
                text(
                        uid,
                        "errorCol",
                        "output column of handleInvalid=keep: what is wrong with the row");
    }

    static Param<String> text(String uid, String name, String doc) {
        return new Param<>(uid, name, doc, ClassTag.apply(String.class));
    }

    /** Sets the defaults of the stage that it belongs to. */
    void setDefaults(ClipStage<?> stage) {
        stage.setDefault(batchSize, BATCH_SIZE);
        stage.setDefault(handleInvalid, InvalidRows.ERROR.word());
        stage.setDefault(errorCol, "error");
    }
}
