package org.coop4j.findings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.coop4j.base.Progress;
import org.coop4j.base.Settings;
import org.coop4j.clip.Clip;
import org.coop4j.clip.TinyModel;
import org.coop4j.console.Interval;
import org.coop4j.data.DataSpec;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.bank.TestPictures;
import org.coop4j.eval.OpenSet;
import org.coop4j.eval.Scores;
import org.coop4j.findings.LabelErrors.Suspect;
import org.coop4j.findings.RunComparison.Located;
import org.coop4j.method.Method;
import org.coop4j.method.Training;
import org.coop4j.run.Images;
import org.coop4j.run.Learned;
import org.coop4j.run.Recipe;
import org.coop4j.run.Run;
import org.coop4j.run.RunConfig.RunData;
import org.coop4j.run.Sample;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Logits of made-up classifiers of four classes: noise, and a larger one for the true class. */
class FindingsTest {

    private static final int CLASSES = 4;
    private static final int IMAGES = 200;

    /** Labels, of which the first few are wrong, and logits that are higher for the true class. */
    private static LabelErrors of(int images, int wrong, double strength, long seed) {
        Random random = new Random(seed);
        int[] labels = new int[images];
        float[][] logits = new float[images][CLASSES];
        List<Located> pictures = new ArrayList<>();
        for (int i = 0; i < images; i++) {
            int truth = random.nextInt(CLASSES);
            labels[i] = i < wrong ? (truth + 1) % CLASSES : truth;
            for (int c = 0; c < CLASSES; c++) {
                logits[i][c] = (float) (random.nextGaussian() + (c == truth ? strength : 0));
            }
            pictures.add(new Located(new LabelledImage(Path.of(i + ".jpg"), labels[i], "c" + labels[i]), "test"));
        }
        return LabelErrors.of(pictures, new Scores(labels, logits));
    }

    private static boolean isWrong(Suspect suspect, int wrong) {
        String name = suspect.picture().image().path().toString();
        return Integer.parseInt(name.replace(".jpg", "")) < wrong;
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void anAccurateClassifierFindsWrongLabelsAndFewOthers(long seed) {
        int wrong = 10;
        LabelErrors found = of(IMAGES, wrong, 8, seed);
        long right = found.suspects().stream().filter(s -> isWrong(s, wrong)).count();
        assertThat(right).isGreaterThanOrEqualTo(9);
        assertThat(found.suspects().size() - right).isLessThanOrEqualTo(1);
        assertThat(found.significant()).isTrue();
        assertThat(found.expected()).isLessThan(1);
        assertThat(found.suspects()).allMatch(s -> s.probability() > s.own());
        assertThat(found.suspects().get(0).own())
                .isLessThanOrEqualTo(
                        found.suspects().get(found.suspects().size() - 1).own() + 1e-3);
    }

    /** A third of its predictions are wrong, and all labels are right. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void theMostSuspectOfAWeakClassifierMayBeChance(long seed) {
        LabelErrors found = of(IMAGES, 0, 1.5, seed);
        assertThat(found.significant()).isFalse();
        assertThat(found.suspects()).hasSize(10);
        assertThat(found.expected()).isGreaterThan(5);
    }

    @Test
    void aFewFalseAlarmsAtMostWhereAllLabelsAreRight() {
        int alarms = 0;
        for (long seed = 1; seed <= 40; seed++) {
            LabelErrors found = of(IMAGES, 0, 3.5, seed);
            alarms += found.significant() ? found.suspects().size() : 0;
        }
        assertThat(alarms).isLessThanOrEqualTo(8);
    }

    @Test
    void suspectsThatMayBeChanceAreAtMostTheTwentiethPart() {
        assertThat(of(40, 0, 1.5, 1).suspects()).hasSize(2);
    }

    @Test
    void nothingIsSuspectWhereEverythingIsRightOrThereIsTooLittle() {
        assertThat(of(IMAGES, 0, 30, 1).suspects()).isEmpty();
        LabelErrors few = of(19, 5, 30, 1);
        assertThat(few.suspects()).isEmpty();
        assertThat(few.expected()).isNaN();
    }

    private static final double ROUNDING = 1e-9;

    @Test
    void intervalsOfAccuraciesAreScipys() throws IOException {
        for (JsonNode golden : golden().get("wilson")) {
            Interval interval = Interval.wilson(
                    golden.get("correct").asInt(), golden.get("images").asInt());

            assertThat(interval.low()).isEqualTo(golden.get("low").asDouble(), within(ROUNDING));
            assertThat(interval.high()).isEqualTo(golden.get("high").asDouble(), within(ROUNDING));
        }
    }

    @Test
    void mcNemarsTestIsScipys() throws IOException {
        for (JsonNode golden : golden().get("mcnemar")) {
            McNemar test = new McNemar(
                    golden.get("images").asInt(),
                    golden.get("first").asInt(),
                    golden.get("second").asInt());

            assertThat(test.pValue()).isEqualTo(golden.get("p").asDouble(), within(ROUNDING));
            Interval interval = test.interval();
            assertThat(interval.low()).isEqualTo(golden.get("low").asDouble(), within(ROUNDING));
            assertThat(interval.high()).isEqualTo(golden.get("high").asDouble(), within(ROUNDING));
        }
    }

    @Test
    void mcNemarCountsTheImagesOnWhichTheyDisagree() {
        boolean[] first = {true, true, false, false, true};
        boolean[] second = {true, false, true, false, false};

        McNemar test = McNemar.of(first, second);

        assertThat(test).isEqualTo(new McNemar(5, 2, 1));
        assertThat(test.difference()).isEqualTo(20);
        assertThat(McNemar.of(second, first).interval().low())
                .isEqualTo(-test.interval().high(), within(ROUNDING));
    }

    private static JsonNode golden() throws IOException {
        try (InputStream in = FindingsTest.class.getResourceAsStream("/org/coop4j/eval/confidence.json")) {
            return new ObjectMapper().readTree(in);
        }
    }

    @TempDir
    private static Path folder;

    private static Clip clip;
    private static Images images;
    private static Path pictures;

    @BeforeAll
    static void pictures() throws IOException {
        pictures = TestPictures.folder(folder.resolve("data"), 4, "sea", "hill", "sky", "lawn");
        clip = TinyModel.open(TinyModel.write(folder.resolve("tiny.safetensors"), 1), 2);
        images = new Images(clip, Run.Options.of(folder.resolve("bank")));
    }

    @AfterAll
    static void close() throws IOException {
        images.forget();
        clip.close();
    }

    private static Learned learned(Method method, Training training, Path data) throws IOException {
        DataSpec source = DataSpec.of(data);
        RunData lists = images.data(source, 1, ClassHalf.ALL);
        Recipe recipe = new Recipe(method.id(), method, training, Sample.of(0, 1), 1);
        Path run = folder.resolve(data.getFileName() + "-" + method.id());
        return new Run(images, recipe, lists, Progress.NONE).learn(run, true);
    }

    private static UnknownClasses unknown(Method method, Training training) throws IOException {
        try (Learned learned = learned(method, training, pictures)) {
            return UnknownClasses.of(learned).orElseThrow();
        }
    }

    /** A prototype does not depend on other classes: learned again, the others are as before. */
    @Test
    void learningAgainEqualsRemovingTheLogitIfClassesAreIndependent() throws IOException {
        try (Learned learned = learned(Method.of("prototypes"), Training.none(), pictures)) {
            UnknownClasses unknown = UnknownClasses.of(learned).orElseThrow();
            assertThat(unknown.how()).contains("learned again without them");
            assertThat(unknown.leftOut()).isEqualTo(4);
            for (OpenSet score : OpenSet.values()) {
                assertThat(unknown.falsePositives().get(score))
                        .isEqualTo(learned.test().falsePositives(score), within(1e-9));
            }
        }
    }

    /** A probe that saw the class has pushed the others away from its images. */
    @Test
    void aProbeIsLearnedAgainWithoutTheClass() throws IOException {
        try (Learned learned = learned(Method.of("linear-probe"), Training.none(), pictures)) {
            UnknownClasses unknown = UnknownClasses.of(learned).orElseThrow();
            assertThat(unknown.how()).contains("learned again without them");
            assertThat(unknown.falsePositives().get(OpenSet.MAX_LOGIT))
                    .isBetween(0.0, 100.0)
                    .isNotEqualTo(learned.test().falsePositives(OpenSet.MAX_LOGIT));
        }
    }

    @Test
    void promptsAreNotLearnedAgainAndHandWrittenOnesNeedNoLearning() throws IOException {
        Method coop = Method.of("coop").with(Map.of("context_length", 2));
        Training once = Settings.with(coop.training(1), Map.of("epochs", 1, "batch", 4));
        assertThat(unknown(coop, once).how()).contains("logits are removed");
        assertThat(unknown(Method.of("zero-shot"), Training.none()).how()).isEqualTo("nothing is learned");
    }

    @Test
    void noneOfTwoClassesCanBeLeftOut() throws IOException {
        Path two = TestPictures.folder(folder.resolve("two"), 2, "sea", "hill");

        try (Learned learned = learned(Method.of("prototypes"), Training.none(), two)) {
            assertThat(UnknownClasses.of(learned)).isEmpty();
        }
    }
}
