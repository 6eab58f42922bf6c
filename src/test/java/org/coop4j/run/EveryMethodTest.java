package org.coop4j.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.coop4j.base.Thrown.assertThrown;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.coop4j.base.Settings;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.clip.GoldenModels;
import org.coop4j.clip.InputImage;
import org.coop4j.clip.TinyModel;
import org.coop4j.data.bank.TestPictures;
import org.coop4j.eval.Scores;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.image.ExifOrientation;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.Method;
import org.coop4j.method.PromptEnsemble;
import org.coop4j.onnx.OnnxExport;
import org.coop4j.onnx.OnnxRuntimeModel;
import org.coop4j.predict.HeatMap;
import org.coop4j.predict.ImageClassifier;
import org.coop4j.text.SmallVocabulary;
import org.coop4j.text.Tokenizer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Properties of a run of any method. */
class EveryMethodTest {

    private static final int EPOCHS = 4;
    private static final Set<String> SOME = Set.of("coop", "kgcoop", "cocoop", "tip-adapter", "gda", "prolip");

    /** Why there is no graph of a classifier. */
    private static final Map<String, String> NOT_EXPORTED = Map.of(
            "cocoop", "text tower",
            "vpt", "further rows",
            "ivlp", "further rows",
            "maple", "further rows",
            "promptsrc", "further rows",
            "mmrl", "further rows");

    /** Methods of image features that change features or logit scale of new classes as well. */
    private static final Set<String> OTHER_LOGITS = Set.of("clip-adapter", "rla", "lpp");

    /** What a Perception Encoder is refused for. */
    private static final Set<String> REFUSED = Set.of("vpt", "ivlp", "maple", "promptsrc", "mmrl");

    /** What SigLIP and TIPS are refused for besides: no mask in the text tower, no projection of images. */
    private static final Set<String> REFUSED_FOR_SIGLIP = Set.of("tcp", "deep-language", "prolip");

    private static final Map<String, Known> LEARNED = new HashMap<>();

    @TempDir
    static Path folder;

    private static Path data;
    private static Tokenizer words; // of the golden model

    @BeforeAll
    static void make() throws IOException {
        TinyModel.write(folder.resolve("tiny.safetensors"), 1);
        words = SmallVocabulary.of(
                folder.resolve("words"), "photo", "of", "the", "red", "rose", "blue", "sky", "lawn", "kite", "bird");
        data = TestPictures.folder(folder.resolve("data"), 4, RunFixture.CLASSES);
    }

    /** What a run measured of a method, whose classifier all tests share. */
    private record Known(RunResult result, Scores test) {}

    /** The models. */
    enum Subject {
        TINY,
        /** A golden Perception Encoder, whose prompts have at most 16 tokens. */
        PE_CORE,
        /** One without a class token and with a single block of text, for some methods. */
        PE_CORE_WITHOUT_CLASS_TOKEN,
        /** A golden SigLIP 2 with its own vocabulary. */
        SIGLIP,
        /** A golden TIPSv2 with its own vocabulary. */
        TIPS;

        Clip open() throws IOException {
            Workers workers = new Workers(RunFixture.THREADS);
            if (this == SIGLIP || this == TIPS) {
                return Clip.open(
                        GoldenModels.convert(this == TIPS ? "tips/b" : "siglip2/huggingface", folder),
                        new Clip.Options(Tokenizer::of, workers, Precision.FLOAT32));
            }
            return this == TINY
                    ? TinyModel.open(folder.resolve("tiny.safetensors"), RunFixture.THREADS)
                    : Clip.open(
                            GoldenModels.convert(this == PE_CORE ? "pe_core/cls" : "pe_core/no_cls", folder),
                            new Clip.Options(model -> words, workers, Precision.FLOAT32));
        }

        RunFixture.Setup setup(String id) {
            Method method = Method.of(id);
            boolean shorter = this != TINY && Settings.has(method.settings(), "context_length");
            return RunFixture.config(data, 2, EPOCHS, 0, 0.01)
                    .with("batch", 4)
                    .with(shorter ? method.with(Map.of("context_length", 4)) : method)
                    .withCheckpointEvery(1);
        }

        RunResult run(String method, String name, RunFixture.Quiet listener) throws IOException {
            try (Clip clip = open()) {
                return RunFixture.run(clip, setup(method), folder.resolve(this + name), false, listener);
            }
        }

        /** Returns what one run of the method measured. */
        Known learned(String method) throws IOException {
            Known known = LEARNED.get(this + method);
            if (known == null) {
                Path place = folder.resolve(this + method);
                try (Clip clip = open();
                        Learned learned = setup(method)
                                .run(clip, RunFixture.options(place, false), new RunFixture.Quiet())
                                .learn(place.resolve("run"), false)) {
                    known = new Known(learned.result(), learned.test());
                }
                LEARNED.put(this + method, known);
            }
            return known;
        }

        Path classifier(String name) {
            return folder.resolve(this + name).resolve("run").resolve(RunFolder.CLASSIFIER);
        }
    }

    static Stream<Arguments> methods() {
        return Stream.of(Subject.values()).flatMap(subject -> Method.all().stream()
                .filter(method -> method.suits(false))
                .map(Method::id)
                .filter(id -> subject != Subject.PE_CORE_WITHOUT_CLASS_TOKEN || SOME.contains(id))
                .filter(id -> subject == Subject.TINY || !REFUSED.contains(id))
                .filter(id ->
                        !List.of(Subject.SIGLIP, Subject.TIPS).contains(subject) || !REFUSED_FOR_SIGLIP.contains(id))
                .filter(id -> subject != Subject.TIPS
                        || SOME.contains(id)
                        || Method.of(id).group() != Method.Group.FEATURES)
                .map(id -> Arguments.of(subject, id)));
    }

    /** CoCoOp's prompts are fixed in the gradient, but not in the differences. */
    @ParameterizedTest
    @MethodSource("methods")
    void aScoreIsTheLogOddsOfItsClassWithItsGradient(Subject subject, String id) throws IOException {
        subject.learned(id);
        ClassifierFile file = ClassifierFile.read(subject.classifier(id));
        Path picture = data.resolve("test").resolve(file.classNames().get(1)).resolve("picture-0.png");
        try (Clip clip = subject.open();
                ImageClassifier classifier = ImageClassifier.of(clip, file.open(clip))) {
            float[] x = classifier.features(InputImage.of(picture));
            Classifier fixed = classifier.classifier().at(x);
            float[] gradient = new float[x.length];
            double logOdds = fixed.score(x, 1, gradient);
            double[] all = classifier.probabilities(new float[][] {x})[0];
            double p = all[1];
            double others = all[0] + all[2] + all[3]; // 1 - p would be rounded
            assertThat(logOdds).isCloseTo(Math.log(p / others), within(2e-3));
            double norm = Math.sqrt(FeatureMatrix.of(1, x.length, x).dot(0, FeatureMatrix.of(1, x.length, x), 0));
            float[] moved = x.clone();
            double expected = 0;
            for (int i = 0; i < x.length; i++) {
                float step = (float) (1e-3 * norm * Math.sin(3 * i + 1));
                moved[i] += step;
                expected += step * gradient[i];
            }
            float[] back = x.clone();
            for (int i = 0; i < x.length; i++) {
                back[i] -= moved[i] - x[i];
            }
            float[] unused = new float[x.length];
            double difference = (fixed.score(moved, 1, unused) - fixed.score(back, 1, unused)) / 2;
            assertThat(difference).isCloseTo(expected, within(1e-4 + 0.02 * Math.abs(expected)));
            HeatMap map =
                    classifier.why(InputImage.of(picture), file.classNames().get(1));
            assertThat(map.score()).isCloseTo(logOdds, within(5e-3));
            assertThat(map.strongest()).isNotZero().isFinite();
            assertThat(classifier.check(InputImage.of(picture), map).whole()).isCloseTo(p, within(1e-3));
        }
    }

    @ParameterizedTest
    @MethodSource("methods")
    void theFileClassifiesTheSameKnownClassesKeepTheirLogitsAndNewOnesAreZeroShot(Subject subject, String id)
            throws IOException {
        Known known = subject.learned(id);
        ClassifierFile file = ClassifierFile.read(subject.classifier(id));
        List<String> names = file.classNames();
        List<Path> pictures = names.stream()
                .flatMap(name -> IntStream.range(0, 4)
                        .mapToObj(i -> data.resolve("test").resolve(name).resolve("picture-" + i + ".png")))
                .toList();
        assertThat(names).containsExactlyInAnyOrder(RunFixture.CLASSES);
        try (Clip clip = subject.open();
                Classifier classifier = file.open(clip)) {
            FeatureMatrix images = clip.encodeImages(pictures, classifier.features(), ExifOrientation.APPLY);
            FeatureMatrix all = classifier.logits(images);
            // A probe is fitted in double precision, and saved in single.
            assertThat(all.toArray())
                    .doesNotContain(Float.NaN)
                    .containsExactly(FeatureMatrix.of(known.test.logits()).toArray(), within(1e-4f));
            assertThat(new Scores(known.test.labels(), all.toRows()).right() * 100.0 / pictures.size())
                    .isEqualTo(known.result.accuracy());
            try (Classifier few = classifier.forClasses(List.of(names.get(2), names.get(1)));
                    Classifier read = reread(few, clip)) {
                FeatureMatrix logits = few.logits(images);
                for (int i = 0; i < pictures.size(); i++) {
                    assertThat(logits.get(i, 0) - logits.get(i, 1))
                            .isCloseTo(all.get(i, 2) - all.get(i, 1), within(2e-3f));
                }
                assertThat(read.logits(images).toArray()).containsExactly(logits.toArray(), within(1e-4f));
            }
            Method method = file.method();
            if (!method.namesNewClasses()) {
                assertThrown(
                        () -> classifier.forClasses(List.of("bird", names.get(0))),
                        "\"bird\"",
                        "4 classes",
                        id,
                        "zero-shot, coop, kgcoop");
                return;
            }
            try (Classifier mixed = classifier.forClasses(List.of("bird", names.get(0)));
                    Classifier read = reread(mixed, clip)) {
                FeatureMatrix logits = mixed.logits(images);
                boolean zeroShot = method.group() == Method.Group.FEATURES
                        && method.features() == FeatureKind.EMBEDDED
                        && !OTHER_LOGITS.contains(id);
                FeatureMatrix text = PromptEnsemble.of("a photo of a {}.").classWeights(clip, List.of("bird"));
                FeatureMatrix expected =
                        images.width() == text.width() ? images.normalized().products(text) : null;
                for (int i = 0; i < pictures.size(); i++) {
                    assertThat(logits.get(i, 1)).isCloseTo(all.get(i, 0), within(2e-3f));
                    if (zeroShot) {
                        assertThat(logits.get(i, 0)).isCloseTo(clip.logitScale() * expected.get(i, 0), within(1e-3f));
                    }
                }
                assertThat(read.logits(images).toArray()).isEqualTo(logits.toArray());
            }
        }
    }

    /** Returns a classifier as its file gives it. */
    private static Classifier reread(Classifier classifier, Clip clip) throws IOException {
        Path file = folder.resolve("reread.safetensors");
        classifier.save().write(file);
        return ClassifierFile.read(file).open(clip);
    }

    /** Logits may differ by a number that is the same for all classes of an image. */
    @ParameterizedTest
    @MethodSource("methods")
    void exportedToOnnxItHasTheSameProbabilities(Subject subject, String method) throws Exception {
        subject.learned(method);
        Path onnx = folder.resolve(subject + method + ".onnx");
        try (Clip clip = subject.open();
                Classifier classifier = ClassifierFile.read(subject.classifier(method))
                        .withTemperature(1.5)
                        .open(clip)) {
            OnnxExport export = new OnnxExport(clip, false, "test");
            if (NOT_EXPORTED.containsKey(method)) {
                assertThrown(
                        UnsupportedOperationException.class,
                        () -> export.classifier(onnx, classifier, false),
                        NOT_EXPORTED.get(method));
                assertThat(onnx).doesNotExist();
                return;
            }
            export.classifier(onnx, classifier, false);
            int side = clip.architecture().vision().imageSize();
            float[] pixels = new float[5 * 3 * side * side];
            for (int i = 0; i < pixels.length; i++) {
                pixels[i] = (float) Math.sin(i * 0.37) * 2;
            }
            int length = pixels.length / 5;
            FeatureMatrix images = clip.imageEncoder(classifier.features())
                    .encode(5, (i, target, offset) -> target.put(offset, pixels, i * length, length))
                    .all();
            FeatureMatrix logits = classifier.logits(images);
            try (OnnxRuntimeModel runtime = new OnnxRuntimeModel(onnx)) {
                float[] theirs = runtime.run("probabilities", OnnxExport.PIXELS, pixels, 5, 3, side, side);
                for (int i = 0; i < theirs.length; i++) {
                    int image = i / logits.width();
                    double ours = classifier.probabilities(logits.row(image))[i % logits.width()];
                    assertThat((double) theirs[i]).isCloseTo(ours, within(1e-4));
                }
            }
        }
    }

    @Test
    void rowsAreNotAddedToAPerceptionEncoder() {
        for (String method : REFUSED) {
            assertThrown(
                    () -> Subject.PE_CORE.run(method, method, new RunFixture.Quiet()),
                    method,
                    "Perception Encoder",
                    "clip-lora");
        }
    }

    @ParameterizedTest
    @CsvSource({"SIGLIP, SigLIP", "TIPS, TIPS"})
    void methodsThatTowersWithoutMaskAndProjectionDoNotHaveAreRefusedByName(Subject subject, String name) {
        for (String method : REFUSED_FOR_SIGLIP) {
            assertThrown(() -> subject.run(method, method, new RunFixture.Quiet()), method, name, "gda");
        }
        for (String method : REFUSED) {
            assertThrown(() -> subject.run(method, method, new RunFixture.Quiet()), method, name, "clip-lora");
        }
    }

    static Stream<Arguments> tiny() {
        return methods().filter(arguments -> arguments.get()[0] == Subject.TINY);
    }

    @ParameterizedTest
    @MethodSource("tiny")
    void anInterruptedRunEndsWithTheSameBits(Subject subject, String method) throws IOException {
        subject.learned(method);
        RunFixture.Quiet stopping = new RunFixture.Quiet() {
            @Override
            void epoch(int epoch) {
                if (epoch == 1) {
                    throw new IllegalStateException("stopped");
                }
            }
        };
        String name = method + "-stopped";
        if (subject.setup(method).resolvedTraining().trains()) {
            assertThatThrownBy(() -> subject.run(method, name, stopping)).hasMessage("stopped");
        }
        subject.run(method, name, new RunFixture.Quiet());
        assertThat(Files.readAllBytes(subject.classifier(name)))
                .isEqualTo(Files.readAllBytes(subject.classifier(method)));
    }
}
