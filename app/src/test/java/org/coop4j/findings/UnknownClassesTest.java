package org.coop4j.findings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.coop4j.base.Progress;
import org.coop4j.base.Settings;
import org.coop4j.clip.Clip;
import org.coop4j.clip.TinyModel;
import org.coop4j.data.DataSpec;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.data.bank.TestPictures;
import org.coop4j.eval.OpenSet;
import org.coop4j.findings.UnknownClasses.How;
import org.coop4j.method.Method;
import org.coop4j.method.Training;
import org.coop4j.run.Images;
import org.coop4j.run.Learned;
import org.coop4j.run.Run;
import org.coop4j.run.RunConfig;
import org.coop4j.run.RunConfig.RunData;
import org.coop4j.run.Sample;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Classes that are left out one by one. */
class UnknownClassesTest {

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
        RunData lists = RunData.of(source, images.dataset(source, 1), ClassHalf.ALL);
        RunConfig config = RunConfig.of(clip.modelSha256(), lists, method, training, new Sample(0, 1));
        Path run = folder.resolve(data.getFileName() + "-" + method.id());
        return new Run(images, method.id(), config, Progress.NONE).learn(run, true);
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
            assertThat(unknown.how()).isEqualTo(How.LEARNED_AGAIN);
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
            assertThat(unknown.how()).isEqualTo(How.LEARNED_AGAIN);
            assertThat(unknown.falsePositives().get(OpenSet.MAX_LOGIT))
                    .isBetween(0.0, 100.0)
                    .isNotEqualTo(learned.test().falsePositives(OpenSet.MAX_LOGIT));
        }
    }

    @Test
    void promptsAreNotLearnedAgainAndHandWrittenOnesNeedNoLearning() throws IOException {
        Method coop = Method.of("coop").with(Map.of("context_length", 2));
        Training once = Settings.with(coop.training(1), Map.of("epochs", 1, "batch", 4));
        assertThat(unknown(coop, once).how()).isEqualTo(How.LOGIT_REMOVED);
        assertThat(unknown(Method.of("zero-shot"), Training.none()).how()).isEqualTo(How.NOTHING_LEARNED);
    }

    @Test
    void noneOfTwoClassesCanBeLeftOut() throws IOException {
        Path two = TestPictures.folder(folder.resolve("two"), 2, "sea", "hill");

        try (Learned learned = learned(Method.of("prototypes"), Training.none(), two)) {
            assertThat(UnknownClasses.of(learned)).isEmpty();
        }
    }
}
