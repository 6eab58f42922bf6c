package org.coop4j.spark;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.apache.spark.ml.attribute.Attribute;
import org.apache.spark.ml.attribute.NominalAttribute;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StructField;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.LabelledImage;

/**
 * The labels of rows, brought to the driver without their images.
 *
 * @param ids what tells the rows apart, in order
 * @param lists the rows as a dataset: the path of an image is the position of its row in {@code
 *     ids}
 */
record LabelledRows(List<Object> ids, ImageDataset lists) {

    /**
     * Reads the labels.
     *
     * @param idCol column that tells rows apart and orders them
     * @param labelCol column of a class's name, or its number counted from 0
     * @param validationCol column that is true for rows to choose settings with, if there is one
     * @param classNames names of the classes in order; empty if the column itself says them
     * @throws IllegalArgumentException if an id or a label is null, an id stands twice, or a label
     *     has no name
     */
    static LabelledRows of(
            Dataset<?> rows, String idCol, String labelCol, Optional<String> validationCol, List<String> classNames) {
        Column validation = validationCol.map(functions::col).orElse(functions.lit(false));
        List<Row> collected = rows.toDF()
                .select(functions.col(idCol), functions.col(labelCol), validation)
                .orderBy(functions.col(idCol))
                .collectAsList();
        List<String> names = classNames.isEmpty() ? names(rows.schema().apply(labelCol), collected) : classNames;
        return of(collected, names, idCol, labelCol);
    }

    private static LabelledRows of(List<Row> rows, List<String> names, String idCol, String labelCol) {
        Map<String, Integer> byName = new HashMap<>();
        names.forEach(name -> byName.put(name, byName.size()));
        List<Object> ids = new ArrayList<>();
        List<LabelledImage> train = new ArrayList<>();
        List<LabelledImage> val = new ArrayList<>();
        Set<Object> seen = new HashSet<>();
        for (Row row : rows) {
            Object id = row.get(0);
            if (id == null || !seen.add(id)) {
                throw new IllegalArgumentException("column \"%s\" tells rows apart, but %s: set idCol to another column"
                        .formatted(idCol, id == null ? "it holds null" : id + " stands twice"));
            }
            int label = label(row.get(1), names, byName, labelCol);
            LabelledImage image = new LabelledImage(Path.of(Integer.toString(ids.size())), label, names.get(label));
            ids.add(id);
            (!row.isNullAt(2) && row.getBoolean(2) ? val : train).add(image);
        }
        return new LabelledRows(ids, new ImageDataset("rows", names, train, val, List.of()));
    }

    private static List<String> names(StructField label, List<Row> rows) {
        if (!(label.dataType() instanceof NumericType)) {
            Set<String> names = new TreeSet<>();
            rows.stream().filter(row -> !row.isNullAt(1)).forEach(row -> names.add(row.getString(1)));
            return List.copyOf(names);
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
        if (value instanceof String name && byName.containsKey(name)) {
            return byName.get(name);
        }
        if (value instanceof Number number) {
            int label = number.intValue();
            if (label == number.doubleValue() && label >= 0 && label < names.size()) {
                return label;
            }
        }
        throw new IllegalArgumentException(
                "column \"%s\" holds %s: expected one of the classes %s".formatted(column, value, names));
    }

    /** Position of an image's row in {@link #ids}. */
    static int position(LabelledImage image) {
        return Integer.parseInt(image.path().toString());
    }

    /** The ids of images, in order. */
    List<Object> ids(List<LabelledImage> images) {
        return images.stream().map(image -> ids.get(position(image))).toList();
    }
}
