package org.coop4j.findings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.coop4j.base.Thrown.assertThrown;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import org.coop4j.base.Progress;
import org.coop4j.base.Sha256;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.FeatureSpace.FeatureTable;
import org.coop4j.clip.TinyModel;
import org.coop4j.data.DataSpec;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.data.ImageDataset.Split;
import org.coop4j.data.bank.TestPictures;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.Method;
import org.coop4j.run.Images;
import org.coop4j.run.Provenance;
import org.coop4j.run.Recipe;
import org.coop4j.run.Run;
import org.coop4j.run.RunConfig;
import org.coop4j.run.RunConfig.RunData;
import org.coop4j.run.RunFolder;
import org.coop4j.run.RunImages;
import org.coop4j.run.RunResult;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs on a file of features compared with runs on the images. */
class FeatureRunTest {

    private static final int THREADS = 2;
    private static final String[] CLASSES = {"sea", "hill", "sky", "lawn"};

    @TempDir
    static Path folder;

    private static Path model;
    private static Clip clip;
    private static DataSpec images;
    private static DataSpec features;

    @TempDir
    Path place;

    @BeforeAll
    static void embed() throws IOException {
        model = TinyModel.write(folder.resolve("tiny.safetensors"), 1);
        images = DataSpec.of(TestPictures.folder(folder.resolve("data"), 4, CLASSES));
        Path file = folder.resolve("features.safetensors");
        features = DataSpec.of(file);
        clip = TinyModel.open(model, THREADS);
        Images shared = new Images(clip, Run.Options.of(folder.resolve("bank")));
        assertThat(new FeatureExport(file, false, Progress.NONE)
                        .dataset(shared, shared.dataset(images, 1), EnumSet.allOf(Split.class)))
                .isEqualTo(32);
    }

    @AfterAll
    static void close() throws IOException {
        clip.close();
    }

    private static RunConfig config(Images shared, DataSpec data, Method method) throws IOException {
        RunData lists = shared.data(data, 1, ClassHalf.ALL);
        return Recipe.checked(method, Map.of("shots", 2)).on(lists, shared.space());
    }

    private RunResult run(FeatureSpace space, DataSpec data, Method method, String out) throws IOException {
        Map<String, Object> settings =
                method.training(2).trains() ? Map.of("shots", 2, "epochs", 2, "batch", 4) : Map.of("shots", 2);
        return Run.of(space, data, method, settings, Run.Options.of(place.resolve("bank")))
                .run(place.resolve(out), false);
    }

    private ClassifierFile learned(String out) throws IOException {
        return ClassifierFile.read(place.resolve(out).resolve(RunFolder.CLASSIFIER));
    }

    private void assertSame(String some, String other) throws IOException {
        ClassifierFile a = learned(some);
        ClassifierFile b = learned(other);
        assertThat(b.tensors().keySet()).isNotEmpty().isEqualTo(a.tensors().keySet());
        for (String tensor : a.tensors().keySet()) {
            assertThat(b.tensor(tensor).values())
                    .as(tensor)
                    .containsExactly(a.tensor(tensor).values());
        }
        assertThat(b.temperature()).isEqualTo(a.temperature());
        assertThat(b.classNames()).isEqualTo(a.classNames());
    }

    private static void assertSame(RunResult a, RunResult b) {
        assertThat(b)
                .extracting(
                        RunResult::accuracy, RunResult::calibrationError, RunResult::perClass, RunResult::testImages)
                .containsExactly(a.accuracy(), a.calibrationError(), a.perClass(), a.testImages());
    }

    private static FeatureTable table(float logLogitScale) throws IOException {
        List<String> names = List.of(CLASSES).stream().sorted().toList();
        List<String> prompts = names.stream()
                .map(n -> "a photo of a " + n.replace('_', ' ') + ".")
                .toList();
        FeatureMatrix texts = clip.encodeTexts(prompts);
        return FeatureTable.of(
                Precision.FLOAT32, clip.modelSha256(), logLogitScale, names, texts, new Workers(THREADS));
    }

    private static DataSpec withTexts(float logLogitScale) {
        return features.with()
                .texts(new DataSpec.Texts("texts.safetensors", "0", logLogitScale))
                .build();
    }

    @ParameterizedTest
    @ValueSource(strings = {"coop", "linear-probe", "tip-adapter-f", "gda", "zero-shot"})
    void featuresGiveTheSameBitsAsTheirImages(String name) throws IOException {
        Method method = Method.of(name);
        RunResult a = run(clip, images, method, "images");
        RunResult b = run(clip, features, method, "features");
        assertSame(a, b);
        assertSame("images", "features");
        assertThat(place.resolve("bank")).exists();
        Provenance there = Run.open(place.resolve("features")).provenance().orElseThrow();
        assertThat(there.featuresSha256()).hasSize(64);
        RunImages seen = Run.open(place.resolve("images")).images();
        RunImages rows = Run.open(place.resolve("features")).images();
        assertThat(rows.learnedContents()).isEqualTo(seen.learnedContents());
        assertThat(rows.overlap()).isEmpty();
    }

    static String[] methodsOfFeatures() {
        return ("tip-adapter tip-adapter-f taskres clip-adapter zs-lp clap gda lpp prototypes cross-modal"
                        + " linear-probe zero-shot")
                .split(" ");
    }

    @ParameterizedTest
    @MethodSource("methodsOfFeatures")
    void withFeaturesOfTheTextsNoModelIsNeeded(String name) throws IOException {
        Method method = Method.of(name);
        float scale = clip.logLogitScale();
        RunResult a = run(clip, images, method, "images");
        try (FeatureTable table = table(scale)) {
            RunResult b = run(table, withTexts(scale), method, "features");
            assertSame(a, b);
            assertSame("images", "features");
            assertThat(Files.exists(place.resolve("features/metrics.jsonl")))
                    .isEqualTo(Files.exists(place.resolve("images/metrics.jsonl")));
        }
        assertThat(learned("features").learnedWithoutModel()).isTrue();
        assertThat(learned("features").open(clip).classNames()).hasSize(4);
    }

    @Test
    void aClassifierKeepsItsLogitScale() throws IOException {
        try (FeatureTable table = table(1)) {
            run(table, withTexts(1), Method.of("zero-shot"), "cold");
        }
        float[] ones = new float[clip.embedDim()];
        Arrays.fill(ones, 1);
        FeatureMatrix image = FeatureMatrix.of(1, ones.length, ones);
        float[] cold = learned("cold").open(clip).logits(image).row(0);
        run(clip, images, Method.of("zero-shot"), "own");
        float[] own = learned("own").open(clip).logits(image).row(0);
        double ratio = Math.E / clip.logitScale();
        for (int c = 0; c < own.length; c++) {
            assertThat(cold[c]).isCloseTo((float) (own[c] * ratio), within(1e-5f));
        }
        assertThrown(() -> learned("cold").open(clip).forClasses(List.of("a fox", "lawn")), "a fox");
    }

    @ParameterizedTest
    @ValueSource(strings = {"coop", "kgcoop", "cocoop", "tcp", "prolip", "two-stage"})
    void methodsThatRunATowerAskForTheModel(String name) throws IOException {
        try (FeatureTable table = table(4)) {
            assertThatThrownBy(() -> run(table, withTexts(4), Method.of(name), "run"))
                    .satisfies(e -> assertThat(e.getMessage()).containsAnyOf("the model", "the images"));
        }
        assertThat(place.resolve("run")).doesNotExist();
    }

    @Test
    void featuresOfAnotherModelAndViewsAreRefusedBeforeAnythingIsWritten() throws IOException {
        Path other = TinyModel.write(place.resolve("other.safetensors"), 2);
        try (Clip clip = TinyModel.open(other, THREADS)) {
            assertThrown(
                    () -> run(clip, features, Method.of("gda"), "run"),
                    "features.safetensors",
                    Sha256.of(model).substring(0, 12),
                    Sha256.of(other).substring(0, 12));
        }
        Map<String, Object> views = Map.of("shots", 2, "views", 3);
        Run.Options options = Run.Options.of(place.resolve("bank"));
        assertThrown(
                () -> Run.of(clip, features, Method.of("taskres"), views, options)
                        .run(place.resolve("run"), false),
                "features.safetensors",
                "views");
        assertThrown(() -> run(clip, features, Method.of("prolip"), "run"), "features.safetensors", "projection");
        assertThrown(
                () -> run(clip, features, Method.of("clip-lora"), "run"),
                "features.safetensors",
                "image tower",
                "use the images");
        assertThat(place.resolve("run")).doesNotExist();
    }

    @Test
    void featuresOfAnotherPrecisionAreRefused() throws IOException {
        try (FeatureTable table = FeatureTable.of(
                Precision.BFLOAT16, "", 4, List.of(), FeatureMatrix.of(0, 64, new float[0]), Workers.standard())) {
            assertThrown(
                    () -> new Images(table, Run.Options.of(place.resolve("bank"))).dataset(features, 1),
                    "features.safetensors",
                    "bf16",
                    "float32");
        }
    }

    @Test
    void otherFeaturesInTheSameFileAreAnotherRun() throws IOException {
        Images shared = new Images(clip, Run.Options.of(place.resolve("bank")));
        RunConfig before = config(shared, features, Method.of("gda"));
        Path copy = Files.copy(Path.of(features.path()), place.resolve("features.safetensors"));
        RunConfig same = config(shared, DataSpec.of(copy), Method.of("gda"));
        assertThat(same.isSameRun(before)).isTrue();
        new FeatureExport(copy, true, Progress.NONE)
                .dataset(shared, shared.dataset(images, 1), EnumSet.allOf(Split.class));
        shared.forget();
        RunConfig normalized = config(shared, DataSpec.of(copy), Method.of("gda"));
        assertThat(normalized.isSameRun(before)).isFalse();
        assertThat(normalized.testedOn().listsSha256())
                .isNotEqualTo(
                        config(shared, images, Method.of("gda")).testedOn().listsSha256());
    }
}
