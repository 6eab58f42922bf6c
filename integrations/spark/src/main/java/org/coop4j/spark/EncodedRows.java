package org.coop4j.spark;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.Row;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.clip.ImageEncoder;
import org.coop4j.image.ExifOrientation;
import org.coop4j.image.ImageDecoder;
import org.coop4j.image.Preprocessing.PixelReader;
import org.coop4j.spark.AppendedColumns.Outcome;

/**
 * Encodes the images of rows, turned upright by their EXIF orientation.
 *
 * @param model the model
 * @param images the column of the images
 * @param kind the row of the image tower that is taken
 */
record EncodedRows(ModelLocation model, ImageColumn images, FeatureKind kind) implements AppendedColumns.Work {

    @Override
    public List<Outcome> of(List<Row> rows) throws IOException {
        return encode(rows, row -> Outcome.of(vector(row)));
    }

    /**
     * Encodes the rows' images.
     *
     * @param use makes the outcome from an image's features, which are not normalised
     */
    List<Outcome> encode(List<Row> rows, Function<float[], Outcome> use) throws IOException {
        Clip clip = SharedModels.get(model);
        PixelReader reader = new PixelReader(new ImageDecoder(), clip.preprocessing(), ExifOrientation.APPLY);
        ImageEncoder.Encoded encoded = clip.imageEncoder(kind)
                .encode(rows.size(), (index, target, offset) -> images.read(rows.get(index), reader, target, offset));
        List<Outcome> outcomes = new ArrayList<>();
        for (int i = 0; i < rows.size(); i++) {
            IOException problem = encoded.problems().get(i);
            outcomes.add(problem == null ? use.apply(encoded.features().get(i)) : Outcome.failed(problem));
        }
        return outcomes;
    }

    /** Returns the features as a vector of doubles, which represent floats exactly. */
    static Vector vector(float[] features) {
        double[] values = new double[features.length];
        Arrays.setAll(values, i -> features[i]);
        return Vectors.dense(values);
    }

    /** Returns the features of a vector that {@link #vector} made. */
    static float[] floats(Vector vector) {
        float[] features = new float[vector.size()];
        for (int j = 0; j < features.length; j++) {
            features[j] = (float) vector.apply(j);
        }
        return features;
    }
}
