package org.coop4j.spark;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.spark.ml.attribute.Attribute;
import org.apache.spark.ml.attribute.NominalAttribute;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.expressions.Window;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.coop4j.base.Log;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.Moments;
import org.coop4j.data.bank.ImageFeatures;
import org.slf4j.Logger;

/**
 * The labels of rows on the driver, without images: those of all rows, or of a sample, while the executors sum the others.
 *
 * @param rows all rows
 * @param columns names of their columns
 * @param ids ids of the rows that were brought, in order
 * @param lists these rows as a dataset: the path of an image is the position of its row in {@code ids}
 * @param train number of train rows, brought or not
 */
record LabelledRows(Dataset<Row> rows, Columns columns, List<Object> ids, ImageDataset lists, long train) {

    /**
     * Names of columns.
     *
     * @param id column that identifies and orders rows
     * @param label column of a class's name, or its number counted from 0
     * @param validation column that is true for val rows, if there is one
     */
    record Columns(String id, String label, Optional<String> validation) {

        private Column isVal() {
            return functions.coalesce(
                    validation.map(functions::col).orElse(functions.lit(false)), functions.lit(false));
        }
    }

    /** Train rows of a class that choose settings beside the sums over all. */
    private static final int SAMPLED = 16;

    /** Val rows that choose settings beside sums. */
    private static final int SAMPLED_VAL = 50_000;

    /** Rows whose features are summed at once. */
    private static final int BLOCK = 512;

    /** Levels of the tree of sums: the driver adds up about the cube root of the number of partitions. */
    private static final int DEPTH = 3;

    private static final Logger log = Log.of(LabelledRows.class);

    private static final String FEATURES = "coop4j_features";

    /**
     * Reads the labels.
     *
     * @param classNames names of the classes in order; empty if the column itself has them
     * @param seed seed of the sample that is brought; empty to bring all rows
     * @throws IllegalArgumentException if an id or a label is null, an id is repeated, or a label has no name
     */
    static LabelledRows of(Dataset<?> rows, Columns columns, List<String> classNames, OptionalLong seed) {
        Dataset<Row> all = rows.toDF();
        Dataset<Row> labels = all.select(
                functions.col(columns.id).as("id"),
                functions.col(columns.label).as("label"),
                columns.isVal().as("val"));
        // One row of each class and part, with an id that is null if one of them is.
        List<Row> known = seed.isEmpty()
                ? labels.orderBy("id").collectAsList()
                : labels.groupBy("label", "val")
                        .agg(
                                functions
                                        .when(
                                                functions.count("id").equalTo(functions.count("*")),
                                                functions.first("id"))
                                        .as("id"),
                                functions.count("*").as("count"))
                        .select("id", "label", "val", "count")
                        .collectAsList();
        List<String> names = classNames.isEmpty() ? names(all.schema().apply(columns.label), known) : classNames;
        Map<String, Integer> numbers = numbers(names);
        known.forEach(row -> label(row.get(1), numbers, columns.label));
        Set<Object> seen = new HashSet<>();
        List<Object> ids = new ArrayList<>();
        List<LabelledImage> train = new ArrayList<>();
        List<LabelledImage> val = new ArrayList<>();
        for (Row row : seed.isEmpty() ? known : sample(labels, seed.getAsLong())) {
            Object id = row.get(0);
            requireId(id, columns.id, seen.add(id));
            int label = label(row.get(1), numbers, columns.label);
            Path position = Path.of(Integer.toString(ids.size()));
            (row.getBoolean(2) ? val : train).add(new LabelledImage(position, label, names.get(label)));
            ids.add(id);
        }
        long count = train.size();
        if (seed.isPresent()) {
            known.forEach(row -> requireId(row.get(0), columns.id, true));
            count = known.stream()
                    .mapToLong(row -> row.getBoolean(2) ? 0 : row.getLong(3))
                    .sum();
            String message =
                    "all {} train rows are summed on the executors; {} of them and {} val rows choose settings";
            log.info(message, count, train.size(), val.size());
        }
        return new LabelledRows(all, columns, ids, new ImageDataset("rows", names, train, val, List.of()), count);
    }

    /** Draws train rows of each class and val rows by the hashes of their ids, whatever the partitions. */
    private static List<Row> sample(Dataset<Row> labels, long seed) {
        Column[] drawn = {functions.xxhash64(functions.col("id"), functions.lit(seed)), functions.col("id")};
        Column place = functions.row_number().over(Window.partitionBy("label").orderBy(drawn));
        return labels.where("not val")
                .withColumn("place", place)
                .where(functions.col("place").leq(SAMPLED))
                .drop("place")
                .union(labels.where("val").orderBy(drawn).limit(SAMPLED_VAL))
                .orderBy("id")
                .collectAsList();
    }

    private static void requireId(Object id, String column, boolean isNew) {
        if (id == null || !isNew) {
            throw new IllegalArgumentException("column \"%s\" must identify rows, but %s: set idCol to another column"
                    .formatted(column, id == null ? "it holds null" : id + " is repeated"));
        }
    }

    private static Map<String, Integer> numbers(List<String> names) {
        Map<String, Integer> numbers = new LinkedHashMap<>();
        names.forEach(name -> numbers.put(name, numbers.size()));
        return numbers;
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

    private static int label(Object value, Map<String, Integer> numbers, String column) {
        int label = value instanceof Number number && number.intValue() == number.doubleValue()
                ? number.intValue()
                : numbers.getOrDefault(value, -1);
        if (label >= 0 && label < numbers.size()) {
            return label;
        }
        throw new IllegalArgumentException(
                "column \"%s\" holds %s: expected one of the classes %s".formatted(column, value, numbers.keySet()));
    }

    private Object id(LabelledImage image) {
        return ids.get(Integer.parseInt(image.path().toString()));
    }

    /**
     * Encodes some of the images on the executors and brings their features to the driver.
     *
     * @param embedder encodes their images
     */
    ImageFeatures encode(ClipImageEmbedder embedder, List<LabelledImage> some, FeatureKind kind) {
        log.info("{} of {} rows are encoded, and their features brought to the driver", some.size(), ids.size());
        List<Row> chosen =
                some.stream().map(image -> RowFactory.create(id(image))).toList();
        Dataset<Row> wanted = rows.sparkSession()
                .createDataFrame(chosen, new StructType().add(rows.schema().apply(columns.id)));
        Dataset<Row> images = rows.join(
                functions.broadcast(wanted), rows.col(columns.id).equalTo(wanted.col(columns.id)), "left_semi");
        Map<Object, float[]> byId = new HashMap<>();
        for (Row row : embedder.setOutputCol(FEATURES)
                .transform(images, kind)
                .select(columns.id, FEATURES)
                .collectAsList()) {
            if (row.get(1) instanceof Vector features) {
                requireId(row.get(0), columns.id, byId.put(row.get(0), EncodedRows.floats(features)) == null);
            }
        }
        List<LabelledImage> readable =
                some.stream().filter(image -> byId.containsKey(id(image))).toList();
        if (readable.size() < some.size()) {
            log.warn("{} of {} drawn images cannot be used", some.size() - readable.size(), some.size());
        }
        int width = byId.values().stream().findFirst().map(row -> row.length).orElse(1);
        return new ImageFeatures(readable, 1, width, (i, view, target, offset) -> {
            System.arraycopy(byId.get(id(readable.get(i))), 0, target, offset, width);
        });
    }

    /** Encodes the images of all train rows on the executors, which sum their features. */
    Moments sums(ClipImageEmbedder embedder, int width) {
        Dataset<Row> encoded = embedder.setOutputCol(FEATURES).transform(rows.where(functions.not(columns.isVal())));
        Moments sums = sums(encoded.select(columns.label, FEATURES), width, lists.classNames());
        if (sums.size() < train) {
            log.warn("{} of {} train rows cannot be used", train - sums.size(), train);
        }
        return sums;
    }

    /** Sums features on the executors; rows have a label and a vector, or null instead of it. */
    static Moments sums(Dataset<Row> encoded, int width, List<String> classNames) {
        Map<String, Integer> numbers = numbers(classNames);
        String column = encoded.columns()[0];
        return encoded.toJavaRDD()
                .mapPartitions(
                        part -> List.of(sums(part, width, numbers, column)).iterator())
                .treeReduce(Moments::add, DEPTH);
    }

    private static Moments sums(Iterator<Row> rows, int width, Map<String, Integer> numbers, String column) {
        Moments sums = Moments.none(width, numbers.size());
        List<float[]> features = new ArrayList<>();
        IntStream.Builder labels = IntStream.builder();
        while (rows.hasNext()) {
            Row row = rows.next();
            if (row.get(1) instanceof Vector vector) {
                features.add(EncodedRows.floats(vector));
                labels.add(label(row.get(0), numbers, column));
            }
            if (features.size() == BLOCK || !rows.hasNext()) {
                sums.add(FeatureSet.of(FeatureMatrix.of(features, width), labels.build()));
                features.clear();
                labels = IntStream.builder();
            }
        }
        return sums;
    }
}
