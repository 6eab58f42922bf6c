package org.coop4j.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.SparkConf;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.coop4j.clip.Clip;
import org.coop4j.clip.ShippedModel;
import org.coop4j.weights.safetensors.SafetensorsFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestCluster.class)
class EmbeddersTest {

    private static final StructType CONTENT =
            new StructType().add("name", DataTypes.StringType).add("content", DataTypes.BinaryType);

    private static ClipImageEmbedder images() {
        return new ClipImageEmbedder().setInputCol("content").setModelPath(ShippedModel.NAME);
    }

    private static Map<String, Vector> byFile(Dataset<Row> features) {
        Map<String, Vector> byFile = new HashMap<>();
        for (Row row : features.select("path", "features").collectAsList()) {
            byFile.put(Photographs.key(Photographs.file(row.getString(0))), row.getAs(1));
        }
        return byFile;
    }

    /** Returns the features that {@code coop embed} writes, in the order of its inputs. */
    private static List<Vector> embedded(Object... inputs) throws Exception {
        Path out = TestCluster.folder().resolve("embedded.safetensors");
        List<Object> arguments =
                new ArrayList<>(List.of("embed", "-m", ShippedModel.NAME, "--precision", "float32", "-o", out));
        arguments.addAll(List.of(inputs));
        TestCluster.coop(arguments.toArray());
        List<Vector> rows = new ArrayList<>();
        try (SafetensorsFile file = SafetensorsFile.open(out)) {
            float[] all = file.floats("features");
            int width = (int) file.shape("features").dim(1);
            for (int at = 0; at < all.length; at += width) {
                rows.add(EncodedRows.vector(java.util.Arrays.copyOfRange(all, at, at + width)));
            }
        }
        return rows;
    }

    @Test
    void imagesHaveTheFeaturesOfCoopEmbedAndEachExecutorOpensTheModelOnce(SparkSession spark) throws Exception {
        Map<String, Integer> before = TestCluster.modelsByExecutor(spark); // other tests have other models
        List<Path> files = Photographs.files("test", 8);
        List<Vector> expected = embedded(files.toArray());
        Dataset<Row> content = Photographs.rows(spark, "test", 8, 16);

        Map<String, Vector> ofContents = byFile(images().setBatchSize(3).transform(content));
        Map<String, Vector> ofPaths = byFile(images().setInputCol("path").transform(content.drop("content")));

        assertThat(ofContents).hasSize(files.size());
        for (int i = 0; i < files.size(); i++) {
            String name = Photographs.key(files.get(i));
            assertThat(ofContents.get(name)).as(name).isEqualTo(expected.get(i));
            assertThat(ofPaths.get(name)).as(name).isEqualTo(expected.get(i));
        }
        Map<String, Integer> after = TestCluster.modelsByExecutor(spark);
        assertThat(after).hasSize(2).containsKeys(before.keySet().toArray(String[]::new));
        assertThat(after.values()).allMatch(models -> models > 0);
        after.forEach((executor, models) -> assertThat(models - before.getOrDefault(executor, 0))
                .as("models opened by executor " + executor)
                .isLessThanOrEqualTo(1));
    }

    @Test
    void decodedImagesHaveTheFeaturesOfTheirFiles(SparkSession spark) throws Exception {
        String folder = Photographs.asPng().toString();
        Dataset<Row> decoded =
                spark.read().format("image").load(folder).withColumn("path", functions.col("image.origin"));
        Dataset<Row> files = spark.read().format("binaryFile").load(folder);
        assertThat(byFile(images().setInputCol("image").transform(decoded)))
                .isEqualTo(byFile(images().transform(files)))
                .hasSize(4);
    }

    @Test
    void rowsWithoutAnImageAreAnErrorOrLeftOutOrKept(SparkSession spark) throws Exception {
        List<Row> rows = List.of(
                RowFactory.create("null", null),
                RowFactory.create(
                        "good", Files.readAllBytes(Photographs.files("test", 1).get(0))),
                RowFactory.create("cut", Files.readAllBytes(Photographs.damaged())),
                RowFactory.create("text", "hello".getBytes(java.nio.charset.StandardCharsets.UTF_8)));
        Dataset<Row> given = spark.createDataFrame(rows, CONTENT).coalesce(1);

        assertThatThrownBy(() -> images().transform(given).collectAsList())
                .hasStackTraceContaining("the image is null; set handleInvalid to skip");
        assertThat(images().setHandleInvalid("skip").transform(given).collectAsList())
                .extracting(row -> row.getString(0))
                .containsExactly("good");

        List<Row> kept = images().setHandleInvalid("keep")
                .setErrorCol("why")
                .transform(given)
                .collectAsList();
        assertThat(kept).extracting(row -> row.getString(0)).containsExactly("null", "good", "cut", "text");
        assertThat(kept).extracting(row -> row.isNullAt(2)).containsExactly(true, false, true, true);
        assertThat(kept.get(0).getString(3)).isEqualTo("the image is null");
        assertThat(kept.get(1).isNullAt(3)).isTrue();
        assertThat(kept.get(2).getString(3)).containsAnyOf("truncated", "damaged");
        assertThat(kept.get(3).getString(3)).contains("JPEG, PNG");
    }

    @Test
    void pathsThatLeadNowhereAreInvalidRows(SparkSession spark) {
        Dataset<Row> given = spark.createDataFrame(List.of(RowFactory.create("/nowhere.png", null)), CONTENT);
        Row kept = images().setInputCol("name")
                .setHandleInvalid("keep")
                .transform(given)
                .first();
        assertThat(kept.getString(3)).contains("/nowhere.png");
    }

    @Test
    void textsHaveTheFeaturesOfCoopEmbedOnOneThread(SparkSession spark) throws Exception {
        List<String> texts = List.of("a photo of a cat.", "a red car", "word ".repeat(100), "sky");
        List<Row> rows = new ArrayList<>();
        texts.forEach(text -> rows.add(RowFactory.create(text, null)));
        rows.add(RowFactory.create(null, null));
        Dataset<Row> given = spark.createDataFrame(rows, CONTENT).coalesce(1);
        ClipTextEmbedder embedder = new ClipTextEmbedder()
                .setInputCol("name")
                .setModelPath(ShippedModel.NAME)
                .setHandleInvalid("keep");

        List<Row> strict = embedder.transform(given).collectAsList();
        List<Row> truncated = embedder.setTruncate(true).transform(given).collectAsList();

        for (int i : List.of(0, 2)) {
            Vector expected = embedded("--truncate", "--text", texts.get(i)).get(0);
            assertThat(truncated.get(i).<Vector>getAs(2)).as(texts.get(i)).isEqualTo(expected);
        }
        assertThat(strict.get(0).<Vector>getAs(2)).isEqualTo(truncated.get(0).<Vector>getAs(2));
        assertThat(strict.get(2).getString(3)).contains("context length");
        assertThat(strict.get(4).getString(3)).isEqualTo("the text is null");
    }

    @Test
    void tipsEmbedsTextsAndAnEmptyOneIsAnInvalidRow(SparkSession spark) throws Exception {
        Path model = TestCluster.folder().resolve("tips.safetensors");
        TestCluster.coop("convert", "../../src/test/resources/golden/tips/b/huggingface", "-o", model);
        Dataset<Row> given = spark.createDataFrame(
                        List.of(RowFactory.create("a photo of a Cat", null), RowFactory.create(" ", null)), CONTENT)
                .coalesce(1);
        List<Row> rows = new ClipTextEmbedder()
                .setInputCol("name")
                .setModelPath(model.toString())
                .setHandleInvalid("keep")
                .transform(given)
                .collectAsList();
        try (Clip clip = Clip.open(model)) {
            float[] expected = clip.encodeTexts(List.of("a photo of a cat")).row(0);
            double[] found = rows.get(0).<Vector>getAs(2).toArray();
            for (int i = 0; i < expected.length; i++) {
                assertThat(found[i]).isCloseTo(expected[i], within(1e-6));
            }
        }
        assertThat(rows.get(1).getString(3)).contains("no tokens");
    }

    @Test
    void allRowsComeOnceThoughAnExecutorDies(SparkSession spark) throws Exception {
        Dataset<Row> features = images().setBatchSize(4).transform(Photographs.rows(spark, "test", 8, 4));
        Dataset<Row> dying = features.map(
                (MapFunction<Row, Row>) row -> {
                    TaskContext task = TaskContext.get();
                    if (task.partitionId() == 1 && task.stageAttemptNumber() == 0 && task.attemptNumber() == 0) {
                        Runtime.getRuntime().halt(9);
                    }
                    return row;
                },
                features.encoder());
        assertThat(byFile(dying)).isEqualTo(byFile(features)).hasSize(32);
    }

    @Test
    void stagesAreReadAsTheyWereWritten(SparkSession spark) throws Exception {
        String folder = TestCluster.folder().resolve("stages").toString();
        ClipImageEmbedder stage = images().setOutputCol("vector")
                .setBatchSize(5)
                .setHandleInvalid("skip")
                .setErrorCol("e");
        ClipTextEmbedder texts = new ClipTextEmbedder()
                .setInputCol("label")
                .setModelPath(ShippedModel.NAME)
                .setTruncate(true);
        new Pipeline()
                .setStages(new PipelineStage[] {stage, texts})
                .fit(Photographs.rows(spark, "test", 1, 1))
                .write()
                .overwrite()
                .save(folder);
        PipelineModel read = PipelineModel.load(folder);
        assertThat(read.stages()[0].extractParamMap().toSeq())
                .isEqualTo(stage.extractParamMap().toSeq());
        assertThat(read.stages()[1].extractParamMap().toSeq())
                .isEqualTo(texts.extractParamMap().toSeq());
        assertThat(read.transform(Photographs.rows(spark, "test", 1, 1)).columns())
                .contains("vector", "features");
    }

    @Test
    void wrongColumnsAndModelsAreNamed(SparkSession spark) throws Exception {
        Dataset<Row> rows = Photographs.rows(spark, "test", 1, 1);
        assertThatThrownBy(() -> new ClipImageEmbedder().transform(rows)).hasMessageContaining("needs inputCol");
        assertThatThrownBy(() -> images().setOutputCol("label").transform(rows)).hasMessageContaining("\"label\"");
        assertThatThrownBy(() -> images().setInputCol("n").transform(rows.withColumn("n", functions.lit(1))))
                .hasMessageContainingAll("\"n\"", "int");
        assertThatThrownBy(() -> images().setModelPath("/nowhere.safetensors").transform(rows))
                .hasMessageContaining("/nowhere.safetensors");
        assertThatThrownBy(() ->
                        images().setModelSha256("0".repeat(64)).transform(rows).count())
                .hasStackTraceContaining("must see the same file");
        assertThatThrownBy(() -> images().setHandleInvalid("ignore")).hasMessageContaining("handleInvalid");
    }

    private static final int HERE = Runtime.getRuntime().availableProcessors();

    private static int threads(String master, String... settings) {
        SparkConf conf = new SparkConf(false).setMaster(master);
        for (int i = 0; i < settings.length; i += 2) {
            conf.set(settings[i], settings[i + 1]);
        }
        return SharedModels.threads(conf);
    }

    @Test
    void aModelHasTheExecutorsCoresAsThreadsButNoMoreThanThereAre() {
        assertThat(threads("local")).isEqualTo(1);
        assertThat(threads("local[1]")).isEqualTo(1);
        assertThat(threads("local[1,4]")).isEqualTo(1);
        assertThat(threads("local[*]")).isEqualTo(HERE);
        assertThat(threads("local-cluster[2,1,1024]")).isEqualTo(1);
        assertThat(threads("local-cluster[1, 9999, 1024]")).isEqualTo(HERE);
        assertThat(threads("spark://host:7077")).isEqualTo(HERE);
        assertThat(threads("spark://host:7077", "spark.executor.cores", "1")).isEqualTo(1);
        assertThat(threads("yarn")).isEqualTo(1);
        assertThat(threads("yarn", "spark.executor.cores", "9999")).isEqualTo(HERE);
        assertThat(threads("k8s://https://host", "spark.task.cpus", "9999")).isEqualTo(HERE);
    }
}
