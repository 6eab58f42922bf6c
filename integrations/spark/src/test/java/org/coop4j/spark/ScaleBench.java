package org.coop4j.spark;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.IntStream;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.ml.image.ImageSchema;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerStageCompleted;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.coop4j.base.Progress;
import org.coop4j.data.Moments;
import org.coop4j.model.ClipConfig;
import org.coop4j.model.MlpActivation;
import org.coop4j.model.convert.RandomWeights;

/**
 * Measures synthetic rows and pictures on 1, 2 and 4 executors of one core each:
 * {@code mvn -Pspark-bench -DskipTests verify -Dbench.program=ScaleBench -Dbench.images=DIR}; see docs/scale.md.
 */
public final class ScaleBench {

    private static final int ROWS = 1_000_000;

    private static final int WIDTH = 512;

    private static final int CLASSES = 1000;

    private static final int PARTITIONS = 40;

    private static final int NOBODY = -1;

    private ScaleBench() {}

    /** Takes a value of {@code modelPath} and a folder of images. */
    public static void main(String[] arguments) throws Exception {
        Moments first = null;
        for (int executors : List.of(1, 2, 4)) {
            try (SparkSession spark = TestCluster.start("local-cluster[" + executors + ",1,1024]")) {
                System.out.println(executors + " executors");
                sums(spark, ROWS / 50, NOBODY); // compiles
                timed(spark, "sums of 200,000 rows", () -> sums(spark, ROWS / 5, NOBODY));
                Moments sums = timed(spark, "sums of 1,000,000 rows", () -> sums(spark, ROWS, NOBODY));
                first = first == null ? sums : first;
                System.out.println("  largest difference from 1 executor: " + difference(sums, first));
                Dataset<Row> features = new ClipImageEmbedder()
                        .setInputCol("content")
                        .setModelPath(arguments[0])
                        .setHandleInvalid("keep")
                        .transform(spark.read()
                                .format("binaryFile")
                                .option("recursiveFileLookup", "true")
                                .load(Path.of(arguments[1]).toAbsolutePath().toString())
                                .repartition(8));
                for (String name : List.of("embedding, opening the model included", "embedding", "embedding again")) {
                    timed(spark, name, () -> {
                        features.write().format("noop").mode("overwrite").save();
                        return null;
                    });
                }
                if (executors == 2) {
                    Moments lost = timed(spark, "sums, one executor lost", () -> sums(spark, ROWS, ROWS / 2));
                    System.out.println("  largest difference: " + difference(lost, first));
                    labels(spark);
                    fit(spark);
                }
            }
        }
    }

    /** Interesting only for the driver: the memory of labels. */
    private static void labels(SparkSession spark) throws Exception {
        Dataset<Row> rows = spark.range(0, ROWS, 1, PARTITIONS)
                .selectExpr("concat('hdfs:///pictures/folder/picture-', id, '.jpg') AS path", "id % 1000 AS label");
        LabelledRows.Columns columns = new LabelledRows.Columns("path", "label", Optional.empty());
        for (OptionalLong seed : List.of(OptionalLong.empty(), OptionalLong.of(1))) {
            long before = used();
            LabelledRows all = timed(
                    spark,
                    seed.isEmpty() ? "labels of all rows" : "a sample",
                    () -> LabelledRows.of(rows, columns, names(), seed));
            System.out.printf(
                    Locale.ROOT, "  %d rows on the driver, %.0f MB%n", all.ids().size(), (used() - before) / 1e6);
        }
    }

    /** Learns from a million tiny images, from sums and, as one machine does, from their features. */
    private static void fit(SparkSession spark) throws Exception {
        Path model = TestCluster.folder().resolve("tiny.safetensors");
        RandomWeights.write(
                new ClipConfig(
                        32, new ClipConfig.Vit(32, 16, 64, 1, 1, 128), new ClipConfig.Text(77, 49408, 64, 1, 2, 128)),
                1,
                model,
                MlpActivation.QUICK_GELU,
                Progress.NONE);
        StructType schema = new StructType()
                .add("path", DataTypes.LongType)
                .add("label", DataTypes.LongType)
                .add("content", ImageSchema.columnSchema());
        Dataset<Row> rows = spark.range(0, ROWS, 1, PARTITIONS)
                .map((MapFunction<Long, Row>) ScaleBench::image, Encoders.row(schema));
        float[][] weights = new float[2][];
        for (int i = 0; i < 2; i++) {
            CoopEstimator estimator = new CoopEstimator()
                    .setInputCol("content")
                    .setModelPath(model.toString())
                    .setClassNames(names().toArray(String[]::new))
                    .setMethod("gda")
                    .setSettings("alpha=3")
                    .setShots(i == 0 ? 0 : ROWS);
            weights[i] = timed(spark, i == 0 ? "fit by sums" : "fit on the driver", () -> estimator.fit(rows))
                    .file()
                    .tensor("w")
                    .values();
        }
        float[] one = weights[1];
        float[] many = weights[0];
        System.out.printf(
                Locale.ROOT,
                "  largest difference %.1e of %.1e%n",
                IntStream.range(0, one.length)
                        .mapToDouble(i -> Math.abs(one[i] - many[i]))
                        .max()
                        .orElseThrow(),
                IntStream.range(0, one.length)
                        .mapToDouble(i -> Math.abs(one[i]))
                        .max()
                        .orElseThrow());
    }

    private static Row image(long id) {
        byte[] pixels = new byte[8 * 8 * 3];
        new Random(id % CLASSES).nextBytes(pixels);
        byte[] noise = new byte[60];
        new Random(id).nextBytes(noise);
        System.arraycopy(noise, 0, pixels, 0, noise.length);
        return RowFactory.create(id, id % CLASSES, RowFactory.create("made", 8, 8, 3, 16, pixels));
    }

    private static List<String> names() {
        return IntStream.range(0, CLASSES).mapToObj(c -> "class " + c).toList();
    }

    private static Moments sums(SparkSession spark, long rows, long kills) {
        return LabelledRows.sums(made(spark, rows, WIDTH, CLASSES, PARTITIONS, kills), WIDTH, names());
    }

    /**
     * Returns made rows of a label and features, of which one in 100 is null.
     *
     * @param kills id of a row at which the executor of the first attempt ends; -1 for none
     */
    static Dataset<Row> made(SparkSession spark, long rows, int width, int classes, int partitions, long kills) {
        StructType schema =
                new StructType().add("label", DataTypes.LongType).add("features", SQLDataTypes.VectorType());
        MapFunction<Long, Row> make = id -> {
            TaskContext task = TaskContext.get();
            if (id == kills && task.stageAttemptNumber() == 0 && task.attemptNumber() == 0) {
                Runtime.getRuntime().halt(1);
            }
            return RowFactory.create(id % classes, id % 100 == 99 ? null : EncodedRows.vector(features(id, width)));
        };
        return spark.range(0, rows, 1, partitions).map(make, Encoders.row(schema));
    }

    /** Returns the features of a made row. */
    static float[] features(long id, int width) {
        Random random = new Random(id);
        float[] features = new float[width];
        for (int j = 0; j < width; j++) {
            features[j] = random.nextFloat() - 0.4f;
        }
        return features;
    }

    /** Returns the largest difference of sums, relative to their largest. */
    static double difference(Moments some, Moments others) {
        return Math.max(difference(some.squares(), others.squares()), difference(some.sums(), others.sums()));
    }

    private static double difference(double[] some, double[] others) {
        return IntStream.range(0, some.length)
                        .mapToDouble(i -> Math.abs(some[i] - others[i]))
                        .max()
                        .orElseThrow()
                / IntStream.range(0, some.length)
                        .mapToDouble(i -> Math.abs(others[i]))
                        .max()
                        .orElseThrow();
    }

    private static long used() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    private static <T> T timed(SparkSession spark, String name, Callable<T> work) throws Exception {
        LongAdder shuffled = new LongAdder();
        LongAdder results = new LongAdder();
        SparkListener stages = new SparkListener() {
            @Override
            public void onStageCompleted(SparkListenerStageCompleted event) {
                shuffled.add(
                        event.stageInfo().taskMetrics().shuffleWriteMetrics().bytesWritten());
                results.add(event.stageInfo().taskMetrics().resultSize());
            }
        };
        spark.sparkContext().addSparkListener(stages);
        long begin = System.nanoTime();
        T result = work.call();
        double seconds = (System.nanoTime() - begin) / 1e9;
        spark.sparkContext().listenerBus().waitUntilEmpty();
        spark.sparkContext().removeSparkListener(stages);
        System.out.printf(
                Locale.ROOT,
                "  %-40s %8.1f s, %.0f MB shuffled, %.0f MB to the driver%n",
                name,
                seconds,
                shuffled.sum() / 1e6,
                results.sum() / 1e6);
        return result;
    }
}
