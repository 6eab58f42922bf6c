package org.coop4j.spark;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.spark.ml.attribute.Attribute;
import org.apache.spark.ml.attribute.NominalAttribute;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.coop4j.base.Log;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.bank.ImageFeatures;
import org.slf4j.Logger;

/**
 * The labels of rows, brought to the driver without their images.
 *
 * @param idCol the column that identifies rows
 * @param ids the rows' ids, in order
 * @param lists the rows as a dataset: the path of an image is the position of its row in {@code ids}
 */
record LabelledRows(String idCol, List<Object> ids, ImageDataset lists) {

    private static final Logger log = Log.of(LabelledRows.class);

    private static final String FEATURES = "coop4j_features";

    /**
     * Reads the labels.
     *
     * @param idCol column that identifies and orders rows
     * @param labelCol column of a class's name, or its number counted from 0
     * @param validationCol column that is true for val rows, if there is one
     * @param classNames names of the classes in order; empty if the column itself has them
     * @throws IllegalArgumentException if an id or a label is null, an id is repeated, or a label has no name
     */
    static LabelledRows of(
            Dataset<?> rows, String idCol, String labelCol, Optional<String> validationCol, List<String> classNames) {
        Column validation = validationCol.map(functions::col).orElse(functions.lit(false));
        List<Row> collected = rows.toDF()
                .select(functions.col(idCol), functions.col(labelCol), validation)
                .orderBy(functions.col(idCol))
                .collectAsList();
        List<String> names = classNames.isEmpty() ? names(rows.schema().apply(labelCol), collected) : classNames;
        Map<String, Integer> byName = new HashMap<>();
        names.forEach(name -> byName.put(name, byName.size()));
        Set<Object> seen = new HashSet<>();
        List<Object> ids = new ArrayList<>();
        List<LabelledImage> train = new ArrayList<>();
        List<LabelledImage> val = new ArrayList<>();
        for (Row row : collected) {
            Object id = row.get(0);
            if (id == null || !seen.add(id)) {
                throw new IllegalArgumentException(
                        "column \"%s\" must identify rows, but %s: set idCol to another column"
                                .formatted(idCol, id == null ? "it holds null" : id + " is repeated"));
            }
            int label = label(row.get(1), names, byName, labelCol);
            Path position = Path.of(Integer.toString(ids.size()));
            (!row.isNullAt(2) && row.getBoolean(2) ? val : train)
                    .add(new LabelledImage(position, label, names.get(label)));
            ids.add(id);
        }
        return new LabelledRows(idCol, ids, new ImageDataset("rows", names, train, val, List.of()));
    }

    private static List<String> names(StructField label, List<Row> rows) {
        if (!(label.dataType() instanceof NumericType)) {
            return rows.stream()
                    .filter(row -> !row.isNullAt(1))
                    .map(row -> row.getString(1))
                    .distinct()
                    .sorted()
                    .toList();
        }
        if (Attribute.fromStructField(label) instanceof NominalAttribute nominal
                && nominal.values().isDefined()) {
            return List.of(nominal.values().get());
        }
        throw new IllegalArgumentException(
                "column \"%s\" holds numbers without names: set classNames, or make it with StringIndexer"
                        .formatted(label.name()));
    }

    private static int label(Object value, List<String> names, Map<String, Integer> byName, String column) {
        int label = value instanceof Number number && number.intValue() == number.doubleValue()
                ? number.intValue()
                : byName.getOrDefault(value, -1);
        if (label >= 0 && label < names.size()) {
            return label;
        }
        throw new IllegalArgumentException(
                "column \"%s\" holds %s: expected one of the classes %s".formatted(column, value, names));
    }

    private Object id(LabelledImage image) {
        return ids.get(Integer.parseInt(image.path().toString()));
    }

    /**
     * Encodes some of the images on the executors and brings their features to the driver.
     *
     * @param rows all rows
     * @param embedder encodes their images
     */
    ImageFeatures encode(Dataset<?> rows, ClipImageEmbedder embedder, List<LabelledImage> some, FeatureKind kind) {
        List<Row> chosen =
                some.stream().map(image -> RowFactory.create(id(image))).toList();
        Dataset<Row> wanted = rows.sparkSession()
                .createDataFrame(chosen, new StructType().add(rows.schema().apply(idCol)));
        Dataset<Row> images = rows.toDF()
                .join(functions.broadcast(wanted), rows.toDF().col(idCol).equalTo(wanted.col(idCol)), "left_semi");
        Map<Object, double[]> byId = new HashMap<>();
        for (Row row : embedder.setOutputCol(FEATURES)
                .transform(images, kind)
                .select(idCol, FEATURES)
                .collectAsList()) {
            if (row.get(1) instanceof Vector features) {
                byId.put(row.get(0), features.toArray());
            }
        }
        List<LabelledImage> readable =
                some.stream().filter(image -> byId.containsKey(id(image))).toList();
        if (readable.size() < some.size()) {
            log.warn("{} of {} drawn images cannot be used", some.size() - readable.size(), some.size());
        }
        int width = byId.values().stream().findFirst().map(row -> row.length).orElse(1);
        return new ImageFeatures(readable, 1, width, (i, view, target, offset) -> {
            double[] row = byId.get(id(readable.get(i)));
            for (int j = 0; j < width; j++) {
                target[offset + j] = (float) row[j];
            }
        });
    }
}
