package org.coop4j.spark;

import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.eval.Predictions;
import org.coop4j.method.Classifier;
import org.coop4j.spark.AppendedColumns.Outcome;

/**
 * Classifies the images of rows.
 *
 * @param model the model
 * @param images the column of the images
 * @param classifier the learned classifier, without the model's weights
 * @param outputs the columns
 * @param topK number of most probable classes
 */
record ImagePredictions(
        ModelLocation model, ImageColumn images, Broadcast<SavedClassifier> classifier, List<Output> outputs, int topK)
        implements AppendedColumns.Work {

    /** A column of predictions. */
    enum Output {
        /** Number of the class. */
        PREDICTION,
        /** Name of the class. */
        LABEL,
        /** Probabilities of all classes. */
        PROBABILITIES,
        /** The most probable classes, or all predicted labels of a set. */
        TOP_K,
        /** Name of the class of a picture that is looked at by itself. */
        ALONE;

        DataType type() {
            return switch (this) {
                case PREDICTION -> DataTypes.DoubleType;
                case LABEL, ALONE -> DataTypes.StringType;
                case PROBABILITIES -> SQLDataTypes.VectorType();
                case TOP_K ->
                    DataTypes.createArrayType(
                            new StructType()
                                    .add("label", DataTypes.StringType, false)
                                    .add("probability", DataTypes.DoubleType, false),
                            false);
            };
        }
    }

    @Override
    public List<Outcome> of(List<Row> rows) throws IOException {
        try (SavedClassifier.Held held = classifier.value().acquire(SharedModels.get(model))) {
            return new EncodedRows(model, images, held.classifier().features())
                    .encode(rows, features -> outcome(held.classifier(), features));
        }
    }

    private Outcome outcome(Classifier learned, float[] features) {
        float[] logits =
                learned.logits(FeatureMatrix.of(1, features.length, features)).row(0);
        int best = Predictions.argmax(logits);
        boolean[] predicted = learned.save().decision() == null ? null : learned.predicted(logits);
        return outcome(outputs, learned.classNames(), best, best, learned.probabilities(logits), predicted, topK);
    }

    /**
     * Returns the columns of an image.
     *
     * @param best number of its class
     * @param alone number of its class if it is looked at by itself
     * @param predicted its labels; null if it has one of the classes
     */
    static Outcome outcome(
            List<Output> outputs,
            List<String> names,
            int best,
            int alone,
            double[] probabilities,
            boolean[] predicted,
            int topK) {
        return Outcome.of(outputs.stream()
                .map(output -> switch (output) {
                    case PREDICTION -> (double) best;
                    case LABEL -> names.get(best);
                    case ALONE -> names.get(alone);
                    case PROBABILITIES -> Vectors.dense(probabilities);
                    case TOP_K -> ranked(names, probabilities, predicted, topK);
                })
                .toArray());
    }

    private static Row[] ranked(List<String> names, double[] probabilities, boolean[] predicted, int topK) {
        return IntStream.range(0, probabilities.length)
                .filter(c -> predicted == null || predicted[c])
                .boxed()
                .sorted(Comparator.comparing(c -> -probabilities[c])) // the first of equal ones
                .limit(predicted == null ? topK : names.size())
                .map(c -> RowFactory.create(names.get(c), probabilities[c]))
                .toArray(Row[]::new);
    }
}
