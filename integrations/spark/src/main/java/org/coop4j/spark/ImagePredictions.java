package org.coop4j.spark;

import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.eval.Predictions;
import org.coop4j.method.Classifier;
import org.coop4j.spark.AppendedColumns.Outcome;

/**
 * Classifies the images of rows.
 *
 * @param images encodes them
 * @param classifier the learned classifier, without the model's weights
 * @param outputs the columns
 */
record ImagePredictions(EncodedRows images, Broadcast<SavedClassifier> classifier, Outputs outputs)
        implements AppendedColumns.Work {

    /**
     * Columns in addition to the number of the class.
     *
     * @param label true for the class's name
     * @param probabilities true for the probabilities of all classes
     * @param topK number of most probable classes
     */
    record Outputs(boolean label, boolean probabilities, int topK) implements Serializable {}

    @Override
    public List<Outcome> of(List<Row> rows) throws IOException {
        try (SavedClassifier.Held held = classifier.value().acquire(SharedModels.get(images.model()))) {
            return images.encode(rows, features -> outcome(held.classifier(), features));
        }
    }

    private Outcome outcome(Classifier learned, float[] features) {
        float[] logits =
                learned.logits(FeatureMatrix.of(1, features.length, features)).row(0);
        double[] probabilities = learned.probabilities(logits);
        List<String> names = learned.classNames();
        int best = Predictions.argmax(logits);
        List<Object> values = new ArrayList<>();
        values.add((double) best);
        if (outputs.label) {
            values.add(names.get(best));
        }
        if (outputs.probabilities) {
            values.add(Vectors.dense(probabilities));
        }
        if (outputs.topK > 0) {
            values.add(ranked(names, probabilities));
        }
        return Outcome.of(values.toArray());
    }

    private Row[] ranked(List<String> names, double[] probabilities) {
        return IntStream.range(0, probabilities.length)
                .boxed()
                .sorted(Comparator.comparing(c -> -probabilities[c])) // the first of equal ones
                .limit(outputs.topK)
                .map(c -> RowFactory.create(names.get(c), probabilities[c]))
                .toArray(Row[]::new);
    }
}
