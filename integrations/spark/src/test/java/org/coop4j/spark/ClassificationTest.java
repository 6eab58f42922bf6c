package org.coop4j.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.evaluation.MulticlassClassificationEvaluator;
import org.apache.spark.ml.feature.StringIndexer;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.tuning.CrossValidator;
import org.apache.spark.ml.tuning.CrossValidatorModel;
import org.apache.spark.ml.tuning.ParamGridBuilder;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.expressions.Window;
import org.apache.spark.sql.expressions.WindowSpec;
import org.apache.spark.sql.functions;
import org.coop4j.base.Progress;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.ShippedModel;
import org.coop4j.data.DataSpec;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.Moments;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.Method;
import org.coop4j.method.PromptEnsemble;
import org.coop4j.method.PromptEnsemble.PromptTemplates;
import org.coop4j.model.ClipConfig;
import org.coop4j.model.MlpActivation;
import org.coop4j.model.convert.RandomWeights;
import org.coop4j.pool.Pool;
import org.coop4j.pool.Pool.Answers;
import org.coop4j.pool.Pool.Evidence;
import org.coop4j.run.Learned;
import org.coop4j.run.Run;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestCluster.class)
class ClassificationTest {

    /** Float32 rounding: the batches of a partition are not those of the command line. */
    private static final double ROUNDING = 1e-5;

    private static final ObjectMapper JSON = new ObjectMapper();

    private static CoopEstimator estimator() {
        return new CoopEstimator()
                .setInputCol("content")
                .setModelPath(ShippedModel.NAME)
                .setShots(2)
                .setSeed(3);
    }

    /** Learns a run with the command line on one thread, as on executors. */
    private static Path run(String method, Object... arguments) throws Exception {
        return runOf(ShippedModel.NAME, method, arguments);
    }

    private static Path runOf(String model, String method, Object... arguments) throws Exception {
        Path out = Files.createTempDirectory(TestCluster.folder(), "run").resolve(method);
        List<Object> all = new ArrayList<>(List.of("train", "-m", model, "-d", Photographs.divided(4)));
        all.addAll(List.of("--method", method, "--shots", 2, "--seed", 3, "-o", out));
        all.addAll(List.of(arguments));
        TestCluster.coop(all.toArray());
        return out;
    }

    /** Checks the predictions of a run on the images of the test. */
    private static void assertPredictsAsTheCommandLine(Path run, String modelPath, SparkSession spark)
            throws Exception {
        PromptClassificationModel model = PromptClassificationModel.ofRun(run.toString());
        assertThat(model.getOrDefault(model.modelPath())).isEqualTo(modelPath);
        Map<String, JsonNode> expected = answers(run);
        List<Row> rows = model.setInputCol("content")
                .setTopK(2)
                .transform(Photographs.rows(spark, "test", 3, 3))
                .select("path", "prediction", "predictedLabel", "probability", "topK")
                .collectAsList();
        assertThat(rows).hasSize(expected.size());
        List<String> names = List.of(model.classNames());
        for (Row row : rows) {
            String key = Photographs.key(Photographs.file(row.getString(0)));
            JsonNode wanted = expected.get(key);
            String name = wanted.get("label").asText();
            assertThat(row.getString(2)).isEqualTo(name);
            assertThat(row.getDouble(1)).isEqualTo(names.indexOf(name));
            Vector probabilities = row.getAs(3);
            for (int c = 0; c < names.size(); c++) {
                assertThat(probabilities.apply(c))
                        .isCloseTo(wanted.get("probabilities").get(names.get(c)).doubleValue(), within(ROUNDING));
            }
            List<Row> ranked = row.getList(4);
            assertThat(ranked).hasSize(2);
            assertThat(ranked.get(0).getString(0)).isEqualTo(name);
            assertThat(ranked.get(0).getDouble(1))
                    .isEqualTo(probabilities.apply(names.indexOf(name)))
                    .isGreaterThanOrEqualTo(ranked.get(1).getDouble(1));
        }
    }

    /** Returns what the command line answers to the images of the test. */
    private static Map<String, JsonNode> answers(Path run) throws Exception {
        List<Object> arguments = new ArrayList<>(List.of("predict", "-p", run, "--precision", "float32", "--json"));
        arguments.addAll(Photographs.files("test", 3));
        Map<String, JsonNode> answers = new HashMap<>();
        JSON.readTree(TestCluster.coop(arguments.toArray()))
                .forEach(row ->
                        answers.put(Photographs.key(Path.of(row.get("file").asText())), row));
        return answers;
    }

    @Test
    void aClassifierOfSeveralLabelsAnswersWithAllOfThem(SparkSession spark) throws Exception {
        StringBuilder lines = new StringBuilder("path,labels,split\n");
        for (String split : List.of("train", "test")) {
            for (Path file : Photographs.files(split, 4)) {
                String name = file.getParent().getFileName().toString();
                String more = List.of("butterfly", "elephant").contains(name) ? ";animal" : "";
                lines.append("%s/%s,%s%s,%s%n".formatted(split, Photographs.key(file), name, more, split));
            }
        }
        Path list = Files.writeString(Photographs.divided(4).resolve("list.csv"), lines);
        Path run = Files.createTempDirectory(TestCluster.folder(), "run").resolve("sets");
        TestCluster.coop("train", "-m", ShippedModel.NAME, "-d", list, "-o", run);
        Map<String, JsonNode> expected = answers(run);
        List<Row> rows = PromptClassificationModel.ofRun(run.toString())
                .setInputCol("content")
                .setTopK(1)
                .transform(Photographs.rows(spark, "test", 3, 2))
                .select("path", "topK")
                .collectAsList();
        assertThatThrownBy(() -> PromptClassificationModel.ofRun(run.toString()).together("features"))
                .hasMessageContaining("single labels");
        int most = 0;
        for (Row row : rows) {
            List<Row> labels = row.getList(1);
            List<String> wanted = new ArrayList<>();
            expected.get(Photographs.key(Photographs.file(row.getString(0))))
                    .get("labels")
                    .forEach(label -> wanted.add(label.asText()));
            assertThat(labels).extracting(label -> label.getString(0)).isEqualTo(wanted);
            most = Math.max(most, labels.size());
        }
        assertThat(most).isGreaterThan(1);
    }

    @Test
    void aRunsFolderPredictsAsTheCommandLine(SparkSession spark) throws Exception {
        Path run = run("coop", "--epochs", 2, "--context", 4);
        assertPredictsAsTheCommandLine(run, ShippedModel.NAME, spark);
    }

    @Test
    void handWrittenPromptsPredictAsTheCommandLine(SparkSession spark) throws Exception {
        Path run = run("zero-shot");
        PromptClassificationModel model = PromptClassificationModel.zeroShot(ShippedModel.NAME, Photographs.CLASSES);
        assertThat(model.file().method().id()).isEqualTo("zero-shot");
        assertPredictsAsTheCommandLine(run, ShippedModel.NAME, spark);
    }

    /** ProLIP takes another row of the image tower than an embedder. */
    @Test
    void featuresOfABlockAreAnsweredTogetherAsInJava(SparkSession spark) throws Exception {
        PromptClassificationModel model = PromptClassificationModel.zeroShot(ShippedModel.NAME, Photographs.CLASSES);
        Dataset<Row> features = new ClipImageEmbedder()
                .setInputCol("content")
                .setModelPath(ShippedModel.NAME)
                .transform(Photographs.rows(spark, "test", 6, 1))
                .drop("content")
                .cache();
        List<float[]> rows = new ArrayList<>();
        for (Row row : features.select("features").collectAsList()) {
            Vector vector = row.getAs(0);
            float[] values = new float[vector.size()];
            for (int d = 0; d < values.length; d++) {
                values[d] = (float) vector.apply(d);
            }
            rows.add(values);
        }
        try (Clip clip = Clip.open(ShippedModel.cached())) {
            FeatureMatrix pictures = FeatureMatrix.of(rows, clip.embedDim());
            PromptEnsemble prompts = PromptEnsemble.of(PromptTemplates.PHOTO);
            FeatureMatrix texts = prompts.written(clip, Photographs.CLASSES).weights();
            Answers expected = Pool.of(pictures, Progress.NONE)
                    .joint(
                            Evidence.of(prompts.classifier(clip, Photographs.CLASSES)
                                            .logits(pictures))
                                    .texts(texts),
                            Progress.NONE);
            assertThat(expected.joint()).isTrue();
            List<Row> answered = model.together("features")
                    .transform(features)
                    .select("prediction", "alone", "probability")
                    .collectAsList();
            assertThat(answered).hasSize(rows.size());
            for (int i = 0; i < rows.size(); i++) {
                assertThat(answered.get(i).getDouble(0)).isEqualTo(expected.labels()[i]);
                assertThat(answered.get(i).getString(1)).isEqualTo(Photographs.CLASSES.get(expected.alone()[i]));
                Vector probabilities = answered.get(i).getAs(2);
                assertThat(probabilities.apply(1))
                        .isCloseTo(expected.probabilities().get(i, 1), within(ROUNDING));
            }
        }
        List<Row> oneByOne = model.together("features")
                .setBlockSize(5) // fewer than are answered together
                .transform(features)
                .select("predictedLabel", "alone")
                .collectAsList();
        assertThat(oneByOne).hasSize(rows.size()).allMatch(row -> row.getString(0)
                .equals(row.getString(1)));
        Dataset<Row> gap = features.withColumn(
                "features", functions.when(functions.col("label").notEqual("pizza"), functions.col("features")));
        assertThat(model.together("features")
                        .setHandleInvalid("keep")
                        .transform(gap)
                        .filter("error is not null")
                        .select("label")
                        .distinct()
                        .collectAsList())
                .singleElement()
                .matches(row -> row.getString(0).equals("pizza"));
        assertThatThrownBy(() -> model.together("label").transform(features))
                .hasMessageContaining("vectors of features");
    }

    @Test
    void aLearnedClassifierIsThatOfTheCommandLine(SparkSession spark) throws Exception {
        Path run = run("prolip");
        PromptClassificationModel model = estimator().setMethod("prolip").fit(Photographs.rows(spark, "train", 4, 3));
        PromptClassificationModel expected = PromptClassificationModel.ofRun(run.toString());
        assertThat(model.classNames()).isEqualTo(expected.classNames());
        assertThat(model.file().modelSha256()).isEqualTo(expected.file().modelSha256());
        assertThat(model.file().tensors().keySet())
                .isEqualTo(expected.file().tensors().keySet())
                .isNotEmpty();
        for (String tensor : model.file().tensors().keySet()) {
            // The driver's threads decide the last bits of what it computes itself.
            assertThat(model.file().tensor(tensor).values())
                    .as(tensor)
                    .containsExactly(expected.file().tensor(tensor).values(), within(1e-6f));
        }
        assertThat(model.file().origin().entries())
                .containsEntry("shots", "2")
                .containsEntry("seed", "3")
                .containsEntry("calibrated_on", expected.file().origin().calibratedOn());
        assertThat(model.file().temperature()).isCloseTo(expected.file().temperature(), within(1e-3));
        assertPredictsAsTheCommandLine(run, ShippedModel.NAME, spark);
    }

    /** With many images the reference's 200 epochs are adapted. */
    @Test
    void whatIsLearnedIsThatOfARunInJava(SparkSession spark) throws Exception {
        int each = 200;
        Path data = TestCluster.folder().resolve("colours");
        for (String name : List.of("blue", "red")) {
            for (int i = 0; i <= each; i++) {
                BufferedImage picture = new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB);
                picture.setRGB(i % 8, i / 8 % 8, name.equals("red") ? 0xFF0000 + i : 0xFF + (i << 16));
                Path folder = data.resolve(i < each ? "train" : "test").resolve(name);
                ImageIO.write(
                        picture,
                        "png",
                        Files.createDirectories(folder)
                                .resolve(1000 + i + ".png")
                                .toFile());
            }
        }
        String tiny = TestCluster.folder().resolve("tiny.safetensors").toString();
        RandomWeights.write(
                new ClipConfig(
                        32, new ClipConfig.Vit(32, 16, 64, 1, 1, 128), new ClipConfig.Text(77, 49408, 64, 1, 2, 128)),
                1,
                Path.of(tiny),
                MlpActivation.QUICK_GELU,
                Progress.NONE);
        Dataset<Row> rows = spark.read()
                .format("binaryFile")
                .option("recursiveFileLookup", "true")
                .load(data.resolve("train").toString())
                .withColumn("label", functions.regexp_extract(functions.col("path"), "([^/]+)/[^/]+$", 1));
        PromptClassificationModel model = new CoopEstimator()
                .setInputCol("content")
                .setIdCol("path")
                .setModelPath(tiny)
                .setMethod("coop")
                .setSettings("context_length=2", "batch=400")
                .setShots(0)
                .setSeed(3)
                .fit(rows);
        Map<String, Integer> settings = Map.of("context_length", 2, "batch", 400, "seed", 3);
        Clip clip = SharedModels.get(new ModelLocation(tiny, SharedModels.sha256(tiny)));
        Run.Options options = Run.Options.of(TestCluster.folder().resolve("bank"));
        try (Learned expected = Run.of(clip, DataSpec.of(data), Method.of("coop"), settings, options)
                .learn()) {
            assertThat(model.file().origin().epochs()).hasValue(160);
            expected.file().tensors().forEach((name, tensor) -> assertThat(
                            model.file().tensor(name).values())
                    .as(name)
                    .containsExactly(tensor.values()));
        }
    }

    /** Settings are chosen by the same images on both sides: by val images, or by at most 16 of each class. */
    @Test
    void sumsOfTheExecutorsLearnAsOneMachineDoes(SparkSession spark) throws Exception {
        Dataset<Row> few = Photographs.rows(spark, "train", 16, 2);
        Dataset<Row> many = few.union(Photographs.rows(spark, "test", 15, 1)).repartition(2);
        String isVal = "[0258][.]jpg$";
        Dataset<Row> divided =
                many.withColumn("val", functions.col("path").rlike(isVal)).cache();
        assertThat(divided.where("not val").count()).isBetween(70L, 97L); // some above the sample
        CoopEstimator all = estimator().setShots(0);
        for (String method : List.of("gda", "prototypes")) {
            assertSameAsOneMachine(all.setMethod(method).setSettings().fit(few), List.of("train"), "none");
            if (method.equals("gda")) {
                all.setSettings("alpha=3"); // otherwise the sample decides too
            }
            assertSameAsOneMachine(
                    all.copy(new ParamMap()).setValidationIndicatorCol("val").fit(divided),
                    List.of("test", "train"),
                    isVal);
        }
        PromptClassificationModel given =
                all.setMethod("gda").setSettings("alpha=3").fit(many);
        assertSameAsOneMachine(given, List.of("test", "train"), "none");
        PromptClassificationModel chosen = all.setSettings().fit(many);
        assertThat(chosen.file().tensor("w").values())
                .containsExactly(given.file().tensor("w").values(), within(1e-6f));
        assertThat(chosen.file().origin().calibratedOn()).contains("64 training images");
        divided.unpersist();
    }

    @Test
    void aLostExecutorChangesNoSums(SparkSession spark) {
        int rows = 3000;
        int width = 8;
        Moments expected = Moments.none(width, 3);
        for (int id = 0; id < rows; id++) {
            if (id % 100 != 99) { // the others have no features
                FeatureMatrix one = FeatureMatrix.of(1, width, ScaleBench.features(id, width));
                expected.add(FeatureSet.of(one, IntStream.of(id % 3)));
            }
        }
        for (int partitions : new int[] {1, 12}) {
            Moments actual = LabelledRows.sums(
                    ScaleBench.made(spark, rows, width, 3, partitions, rows / 2), width, List.of("0", "1", "2"));
            assertThat(actual.counts()).containsExactly(expected.counts());
            assertThat(ScaleBench.difference(actual, expected)).isLessThan(1e-12);
        }
    }

    private static void assertSameAsOneMachine(PromptClassificationModel model, List<String> splits, String isVal)
            throws Exception {
        StringBuilder lines = new StringBuilder("path,label,split\n");
        for (String split : List.of("test", "train")) {
            List<Path> files = Photographs.files(split, 16);
            for (int i = 0; i < files.size(); i++) {
                String key = Photographs.key(files.get(i));
                String part = split.equals("test") && (i % 16 == 15 || !splits.contains(split)) // a run is tested
                        ? "test"
                        : Pattern.compile(isVal).matcher(key).find() ? "val" : "train";
                lines.append("%s/%s,%s,%s%n"
                        .formatted(split, key, files.get(i).getParent().getFileName(), part));
            }
        }
        Path list = Files.writeString(Photographs.divided(16).resolve("list.csv"), lines);
        ClassifierFile actual = model.file();
        Map<String, Object> settings = new HashMap<>(Map.of("shots", "all", "seed", 3));
        if (actual.method().title().contains("= 3)")) {
            settings.put("alpha", 3);
        }
        Clip clip = SharedModels.get(new ModelLocation(ShippedModel.NAME, actual.modelSha256()));
        Run.Options options = Run.Options.of(TestCluster.folder().resolve("bank"));
        try (Learned learned = Run.of(
                        clip, DataSpec.of(list), Method.of(actual.method().id()), settings, options)
                .learn()) {
            ClassifierFile expected = learned.file();
            assertThat(actual.method()).isEqualTo(expected.method());
            if (splits.size() == 1) { // no more images than the sample, by which the temperature is chosen
                assertThat(actual.temperature()).isCloseTo(expected.temperature(), within(1e-3));
            }
            assertThat(actual.tensors().keySet()).isEqualTo(expected.tensors().keySet());
            expected.tensors().forEach((name, tensor) -> {
                float largest = 0;
                for (float value : tensor.values()) {
                    largest = Math.max(largest, Math.abs(value));
                }
                assertThat(actual.tensor(name).values())
                        .as(actual.method() + " " + name)
                        .containsExactly(tensor.values(), within((float) ROUNDING * largest));
            });
        }
    }

    @Test
    void modelsAreReadAsTheyWereWritten(SparkSession spark) throws Exception {
        Dataset<Row> images =
                Photographs.rows(spark, "test", 1, 1).drop("label").cache();
        PromptClassificationModel model = PromptClassificationModel.zeroShot(ShippedModel.NAME, List.of("a", "b", "c"))
                .setInputCol("content")
                .setProbabilityCol("p")
                .setHandleInvalid("keep");
        Path folder = TestCluster.folder().resolve("classification");
        model.write().overwrite().save(folder.toString());
        PromptClassificationModel read = PromptClassificationModel.load(folder.toString());
        assertThat(read.transform(images).drop("content").collectAsList())
                .isEqualTo(model.transform(images).drop("content").collectAsList())
                .hasSize(4);
        assertThat(read.forClasses(List.of("x", "y")).classNames()).containsExactly("x", "y");

        Path classifier = folder.resolve("classifier.safetensors");
        byte[] damaged = Files.readAllBytes(classifier);
        damaged[damaged.length - 1] ^= 1;
        Files.write(classifier, damaged);
        Files.deleteIfExists(folder.resolve(".classifier.safetensors.crc"));
        assertThatThrownBy(() -> PromptClassificationModel.load(folder.toString()))
                .hasMessageContaining("damaged");
    }

    @Test
    void aPipelineIsCrossValidated(SparkSession spark) throws Exception {
        WindowSpec ofClass = Window.partitionBy("label").orderBy("path");
        Dataset<Row> rows = // every class in both folds
                Photographs.rows(spark, "train", 4, 2)
                        .withColumn(
                                "fold",
                                functions.row_number().over(ofClass).mod(2).cast("int"))
                        .cache();
        StringIndexer indexer = new StringIndexer().setInputCol("label").setOutputCol("number");
        CoopEstimator coop = estimator()
                .setLabelCol("number")
                .setShots(1)
                .setMethod("tip-adapter")
                .setProbabilityCol("");
        ParamMap[] grid =
                new ParamGridBuilder().addGrid(coop.shots(), new int[] {1, 2}).build();
        CrossValidatorModel validated = new CrossValidator()
                .setEstimator(new Pipeline().setStages(new PipelineStage[] {indexer, coop}))
                .setEstimatorParamMaps(grid)
                .setEvaluator(new MulticlassClassificationEvaluator()
                        .setLabelCol("number")
                        .setMetricName("accuracy"))
                .setNumFolds(2)
                .setFoldCol("fold")
                .fit(rows);
        assertThat(validated.avgMetrics()).hasSize(2);
        for (double accuracy : validated.avgMetrics()) {
            assertThat(accuracy).isGreaterThan(0.25); // chance
        }
        String folder = TestCluster.folder().resolve("cross-validated").toString();
        validated.write().overwrite().save(folder);
        PipelineModel best = (PipelineModel) CrossValidatorModel.load(folder).bestModel();
        Dataset<Row> predicted = best.transform(Photographs.rows(spark, "test", 3, 2));
        assertThat(predicted.columns()).contains("prediction", "predictedLabel").doesNotContain("probability");
        assertThat(predicted.count()).isEqualTo(12);
        rows.unpersist();
    }

    @Test
    void whatCannotBeLearnedIsRefusedBeforeAnImageIsEncoded(SparkSession spark) throws Exception {
        Dataset<Row> rows = Photographs.rows(spark, "train", 2, 1);
        assertRefused(estimator().setMethod("magic"), rows, "\"magic\"", "zero-shot", "gda");
        assertRefused(estimator().setSettings("lambda"), rows, "settings", "name=value", "\"lambda\"");
        assertRefused(estimator().setMethod("linear-head"), rows, "single labels", "gda");
        assertRefused(estimator().setSettings("fast=soon"), rows, "fast", "\"soon\"");
        assertRefused(estimator().setIdCol("label"), rows, "idCol");
        assertRefused(estimator().setClassNames("butterfly", "elephant", "pizza", "tent"), rows, "umbrella");
        assertRefused(estimator().setLabelCol("n"), rows.selectExpr("*", "1 AS n"), "\"n\"", "classNames");
        assertRefused(
                estimator().setLabelCol("b"),
                rows.selectExpr("*", "true AS b"),
                "\"b\"",
                "boolean",
                "names",
                "numbers");
        assertRefused(estimator().setValidationIndicatorCol("label"), rows, "\"label\"", "string", "boolean");
        CoopEstimator sums = estimator().setMethod("gda").setShots(0);
        assertRefused(sums.copy(new ParamMap()).setIdCol("label"), rows, "idCol", "repeated");
        assertRefused(sums.copy(new ParamMap()).setIdCol("i"), rows.selectExpr("*", "nullif(path, path) AS i"), "null");
        assertRefused(
                sums.copy(new ParamMap()).setClassNames("butterfly", "elephant", "pizza", "tent"), rows, "umbrella");
        assertRefused(
                sums.copy(new ParamMap()).setLabelCol("l"),
                rows.selectExpr("*", "nullif(label, 'pizza') AS l"),
                "holds null");
    }

    private static void assertRefused(CoopEstimator estimator, Dataset<Row> rows, String... words) {
        assertThatThrownBy(() -> estimator.fit(rows)).hasMessageContainingAll(words);
    }
}
