package org.coop4j.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.coop4j.base.Thrown.assertThrown;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import onnx.Onnx.TensorProto;
import org.coop4j.Differences;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.FeatureSpace.FeatureTable;
import org.coop4j.clip.GoldenModels;
import org.coop4j.clip.ShippedModel;
import org.coop4j.eval.LabelScores.Decision;
import org.coop4j.graph.host.Workers;
import org.coop4j.image.GoldenImages;
import org.coop4j.image.ImageDecoder;
import org.coop4j.image.Preprocessing;
import org.coop4j.image.RgbImage;
import org.coop4j.method.Classifier;
import org.coop4j.method.Method;
import org.coop4j.method.Method.Task;
import org.coop4j.model.PreprocessConfig;
import org.coop4j.model.PreprocessConfig.Interpolation;
import org.coop4j.weights.safetensors.SafetensorsFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Exported files in ONNX Runtime against PyTorch's numbers and ours. */
@ExtendWith(Differences.Extension.class)
class OnnxExportTest {

    private static final String IMAGES = "/golden/text_image/";

    @TempDir
    static Path folder;

    @ParameterizedTest
    @CsvSource({
        "vit, vit/forward, image, ''",
        "vit_gelu, vit_gelu/forward, image, ''",
        "resnet, resnet/forward, image, ''",
        "pe_core/cls, pe_core/cls/values, pixels, ''",
        "pe_core/no_cls, pe_core/no_cls/values, pixels, ''",
        "siglip1/huggingface, siglip1/values, pixels, ''",
        "siglip1/open_clip, siglip1/values, pixels, open_clip.",
        "siglip2/huggingface, siglip2/values, pixels, ''",
        "siglip2/open_clip, siglip2/values, pixels, open_clip.",
        "tips/b, tips/b/values, pixels, ''",
        "tips/g, tips/g/values, pixels, ''"
    })
    void bothTowersGiveTheReferencesFeatures(
            String name, String values, String pixels, String of, Differences differences) throws Exception {
        String noted = name.replaceFirst("[12]?/.*", "");
        double most = name.contains("/") ? 1e-5 : 1e-4;
        try (Clip clip = GoldenModels.open(name, folder);
                SafetensorsFile golden = GoldenModels.numbers(values + ".safetensors")) {
            Path image = folder.resolve("golden-image.onnx");
            Path text = folder.resolve("golden-text.onnx");
            new OnnxExport(clip, false, "test").imageTower(image);
            new OnnxExport(clip, false, "test").textTower(text);
            try (OnnxRuntimeModel images = new OnnxRuntimeModel(image);
                    OnnxRuntimeModel texts = new OnnxRuntimeModel(text)) {
                long[] shape = golden.shape(pixels).toArray();
                float[] theirs = images.run("image_features", "pixels", golden.floats(pixels), shape);
                double ofImages = Differences.relative(theirs, golden.floats(of + "image_features"));
                assertThat(differences.note(noted, "ONNX image tower, relative", ofImages))
                        .isLessThan(most);
                shape = golden.shape("token_ids").toArray();
                theirs = texts.run(
                        "text_features", "input_ids", golden.tensor("token_ids").longs(), shape);
                double ofTexts = Differences.relative(theirs, golden.floats(of + "text_features"));
                assertThat(differences.note(noted, "ONNX text tower, relative", ofTexts))
                        .isLessThan(most);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"vit", "resnet"})
    void halfPrecisionHalvesTheFileAndKeepsTheFeatures(String name) throws Exception {
        Path whole = folder.resolve("whole.onnx");
        Path half = folder.resolve("half.onnx");
        try (Clip clip = GoldenModels.open(name, folder)) {
            new OnnxExport(clip, false, "test").imageTower(whole);
            new OnnxExport(clip, true, "test").imageTower(half);
            int side = clip.architecture().vision().imageSize();
            float[] pixels = pixels(3 * side * side);
            FeatureMatrix ours = clip.encodePixels(FloatBuffer.wrap(pixels), 1).normalized();
            try (OnnxRuntimeModel model = new OnnxRuntimeModel(half)) {
                float[] theirs = model.run("image_features", "pixels", pixels, 1, 3, side, side);
                float cosine =
                        FeatureMatrix.of(1, theirs.length, theirs).normalized().dot(0, ours, 0);
                assertThat(cosine).isGreaterThan(0.9999f);
            }
        }
        assertThat(half.toFile().length()).isLessThan(whole.toFile().length() * 6 / 10);
    }

    @Test
    void aPictureWithPreprocessingInTheGraphGetsOurLogits(Differences differences) throws Exception {
        try (Clip clip = Clip.open(ShippedModel.file(folder.resolve("cache")));
                Classifier classifier = zeroShot(clip, "a photo of a {}.")) {
            assertSameLogits("coop4j-small", clip, classifier, pictures(), differences);
        }
    }

    /** ONNX Runtime also rounds after each pass of a resize, but adds up in another order. */
    @ParameterizedTest
    @CsvSource({"false, BICUBIC, 32", "false, BICUBIC, 224", "true, BILINEAR, 32", "true, BILINEAR, 224"})
    void aPictureHasOurPixelsButForRoundingInTheGraph(boolean squash, Interpolation filter, int side) throws Exception {
        Path file = folder.resolve("pixels.onnx");
        List<Double> mean = List.of(0.5, 0.4, 0.3);
        List<Double> std = List.of(0.5, 0.5, 0.5);
        Preprocessing preprocessing = new Preprocessing(new PreprocessConfig(side, mean, std, squash, filter));
        OnnxGraph graph = new OnnxGraph("pixels", false);
        String image = graph.input("image", TensorProto.DataType.UINT8, "height", "width", 3);
        graph.output("pixels", new PreprocessingNodes(graph, preprocessing).forward(image), 1, 3, side, side);
        Files.write(file, graph.model(Map.of(), "test").toByteArray());
        float level = 1 / (255 * 0.5f);
        try (OnnxRuntimeModel model = new OnnxRuntimeModel(file)) {
            for (String name : pictures()) {
                RgbImage picture = new ImageDecoder().decode(GoldenImages.bytes(name), name);
                FloatBuffer ours = FloatBuffer.allocate(3 * side * side);
                preprocessing.toTensor(preprocessing.fitted(picture), ours, 0);
                float[] theirs = model.run("pixels", "image", picture.samples(), picture.height(), picture.width(), 3);
                assertThat(Differences.absolute(theirs, ours.array())).as(name).isLessThan(1.001 * level);
                long differing = IntStream.range(0, theirs.length)
                        .filter(i -> Math.abs(theirs[i] - ours.get(i)) > level / 2)
                        .count();
                double most = filter == Interpolation.BICUBIC ? 0.001 : 0.011;
                assertThat((double) differing / theirs.length).as(name).isLessThan(most);
            }
        }
    }

    private static void assertSameLogits(
            String name, Clip clip, Classifier classifier, List<String> pictures, Differences differences)
            throws Exception {
        Path export = folder.resolve("classifier.onnx");
        new OnnxExport(clip, false, "test").classifier(export, classifier, true);
        int side = clip.architecture().vision().imageSize();
        try (OnnxRuntimeModel model = new OnnxRuntimeModel(export)) {
            for (String file : pictures) {
                RgbImage picture = new ImageDecoder().decode(GoldenImages.bytes(file), file);
                FloatBuffer pixels = FloatBuffer.allocate(3 * side * side);
                clip.preprocessing().toTensor(clip.preprocessing().fitted(picture), pixels, 0);
                float[] ours = classifier.logits(clip.encodePixels(pixels, 1)).row(0);
                float[] theirs = model.run("logits", "image", picture.samples(), picture.height(), picture.width(), 3);
                double difference = Differences.absolute(theirs, ours);
                assertThat(differences.note(name, "ONNX classifier with preprocessing, logits", difference))
                        .as(file)
                        .isLessThan(0.01);
            }
            assertThat(model.metadata())
                    .containsEntry("coop4j.class_names", "[\"cat\",\"dog\"]")
                    .containsEntry("coop4j.model_sha256", clip.model().sha256());
        }
    }

    /** Without a threshold the probabilities are a softmax. */
    @Test
    void severalLabelsHaveTheirProbabilitiesAndThresholds() throws Exception {
        Path file = folder.resolve("sets.onnx");
        try (Clip clip = GoldenModels.open("vit", folder);
                FeatureTable texts = texts(clip);
                Classifier best = zeroShot(texts, "{}")) {
            int side = clip.architecture().vision().imageSize();
            float[] pixels = pixels(3 * side * side);
            float[] logits =
                    best.logits(clip.encodePixels(FloatBuffer.wrap(pixels), 1)).row(0);
            Decision own = new Decision(1.5, Arrays.asList(0.25, null), 0.5, -1);
            for (Decision decision : List.of(own, Decision.BEST)) {
                Classifier classifier = best.save().withDecision(decision).open(texts);
                new OnnxExport(clip, false, "test").classifier(file, classifier, false);
                try (OnnxRuntimeModel model = new OnnxRuntimeModel(file)) {
                    float[] theirs = model.run("probabilities", "pixels", pixels, 1, 3, side, side);
                    double[] ours = classifier.probabilities(logits);
                    for (int c = 0; c < ours.length; c++) {
                        assertThat((double) theirs[c]).isCloseTo(ours[c], within(1e-4));
                    }
                    assertThat(model.metadata().get("coop4j.thresholds"))
                            .isEqualTo(decision.equals(own) ? "[0.25,1.5]" : null);
                }
            }
        }
    }

    /** Pictures of many shapes, smaller and larger than the models' images. */
    private static List<String> pictures() throws IOException {
        List<String> files = new ArrayList<>();
        for (JsonNode image : new ObjectMapper().readTree(GoldenImages.bytes(IMAGES + "preprocess.json"))) {
            files.add(IMAGES + image.get("name").asText() + ".png");
        }
        assertThat(files).hasSize(11);
        for (String name : List.of("wide", "tall", "small")) {
            files.add("/golden/pe_core/" + name + ".png");
        }
        return files;
    }

    @Test
    void onnxRuntimeWarnsOfNothing() throws Exception {
        List<Path> files = new ArrayList<>();
        for (String name : List.of("vit", "vit_gelu", "resnet", "pe_core/cls", "pe_core/no_cls")) {
            try (Clip clip = GoldenModels.open(name, folder);
                    FeatureTable texts = texts(clip);
                    Classifier classifier = zeroShot(texts, "{}")) {
                for (boolean half : List.of(false, true)) {
                    OnnxExport export = new OnnxExport(clip, half, "test");
                    String prefix = name.replace('/', '-') + (half ? "-half-" : "-");
                    export.imageTower(file(files, prefix + "image"));
                    export.textTower(file(files, prefix + "text"));
                    export.classifier(file(files, prefix + "classifier"), classifier, false);
                    export.classifier(file(files, prefix + "pictures"), classifier, true);
                }
            }
        }
        assertThat(OnnxRuntimeModel.Warnings.of(files)).isEmpty();
        Path broken = Files.writeString(folder.resolve("broken.onnx"), "no model");
        assertThat(OnnxRuntimeModel.Warnings.of(List.of(broken))).contains("not all was loaded");
    }

    /** The vocabulary of the golden models is too small for texts. */
    private static FeatureTable texts(Clip clip) throws IOException {
        float[] rows = pixels(2 * clip.embedDim());
        return FeatureTable.of(
                clip.precision(),
                clip.modelSha256(),
                clip.logLogitScale(),
                List.of("cat", "dog"),
                FeatureMatrix.of(2, clip.embedDim(), rows),
                Workers.standard());
    }

    private static Path file(List<Path> files, String name) {
        files.add(folder.resolve(name + ".onnx"));
        return files.get(files.size() - 1);
    }

    @Test
    void nothingIsLeftOfAFileThatCannotBeWritten() throws IOException {
        Path missing = folder.resolve("missing/x.onnx");
        try (Clip clip = GoldenModels.open("vit", folder)) {
            assertThrown(IOException.class, () -> new OnnxExport(clip, false, "test").imageTower(missing), "missing");
        }
    }

    private static Classifier zeroShot(FeatureSpace space, String template) throws IOException {
        return Method.of("zero-shot")
                .learner(space, new Task(List.of("cat", "dog"), template, 1))
                .fit(null, null);
    }

    private static float[] pixels(int n) {
        float[] pixels = new float[n];
        var random = new SplittableRandom(1);
        for (int i = 0; i < n; i++) {
            pixels[i] = (float) random.nextDouble(-2, 2);
        }
        return pixels;
    }
}
