package org.coop4j.spark;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.FeatureSets.DenseFeatures;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.LabelledImage;
import org.coop4j.method.FewShotFeatures;
import org.coop4j.method.Method;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The features of drawn rows: computed on the executors for these rows alone, brought to the
 * driver.
 *
 * @param labelled all rows' labels
 * @param drawn the images to learn from
 */
record FewShotRows(LabelledRows labelled, ImageDataset drawn) {

    private static final Logger log = LoggerFactory.getLogger(FewShotRows.class);

    private static final String FEATURES = "coop4j_features";

    /**
     * Encodes the images.
     *
     * @param rows all rows
     * @param idCol the column that tells them apart
     * @param embedder encodes their images
     * @param method says which features it takes, and whether of val images too
     */
    FewShotFeatures encode(Dataset<?> rows, String idCol, ClipImageEmbedder embedder, Method method) {
        List<LabelledImage> val = method.usesVal() ? drawn.val() : List.of();
        List<LabelledImage> all = new ArrayList<>(drawn.train());
        all.addAll(val);
        Map<Object, Vector> features = new HashMap<>();
        embedder.setOutputCol(FEATURES)
                .transform(chosen(rows, idCol, labelled.ids(all)), method.features())
                .select(idCol, FEATURES)
                .collectAsList()
                .forEach(row -> features.put(row.get(0), row.getAs(1)));
        FeatureSet train = features(drawn.train(), features);
        requireEveryClass(train);
        return new FewShotFeatures(train, features(val, features));
    }

    /** The rows of these ids. */
    private static Dataset<Row> chosen(Dataset<?> rows, String idCol, List<Object> ids) {
        StructField id = rows.schema().apply(idCol);
        Dataset<Row> wanted = rows.sparkSession()
                .createDataFrame(
                        ids.stream().map(RowFactory::create).toList(),
                        new StructType().add(id.name(), id.dataType(), id.nullable()));
        return rows.toDF()
                .join(functions.broadcast(wanted), rows.toDF().col(idCol).equalTo(wanted.col(idCol)), "left_semi");
    }

    private FeatureSet features(List<LabelledImage> images, Map<Object, Vector> byId) {
        List<LabelledImage> readable =
                images.stream().filter(image -> byId.get(id(image)) != null).toList();
        if (readable.size() < images.size()) {
            log.warn("{} of {} drawn images cannot be used", images.size() - readable.size(), images.size());
        }
        int width = byId.values().stream()
                .filter(v -> v != null)
                .findFirst()
                .map(Vector::size)
                .orElse(1);
        float[] values = new float[Math.multiplyExact(readable.size(), width)];
        int[] labels = new int[readable.size()];
        for (int i = 0; i < labels.length; i++) {
            double[] row = byId.get(id(readable.get(i))).toArray();
            for (int j = 0; j < width; j++) {
                values[i * width + j] = (float) row[j];
            }
            labels[i] = readable.get(i).label();
        }
        return DenseFeatures.of(width, 1, values, labels);
    }

    private Object id(LabelledImage image) {
        return labelled.ids().get(LabelledRows.position(image));
    }

    /** Rows that cannot be used may have been all that a class had. */
    private void requireEveryClass(FeatureSet train) {
        BitSet present = new BitSet();
        Arrays.stream(train.labels()).forEach(present::set);
        int missing = present.nextClearBit(0);
        if (missing < drawn.classCount()) {
            throw new IllegalArgumentException("class \"%s\" has no usable image to learn from"
                    .formatted(drawn.classNames().get(missing)));
        }
    }
}
