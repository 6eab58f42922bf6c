package org.coop4j.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.coop4j.base.Progress;
import org.coop4j.base.Settings;
import org.coop4j.clip.Clip;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.clip.TinyModel;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.data.bank.TestPictures;
import org.coop4j.eval.OpenSet;
import org.coop4j.method.Classifier;
import org.coop4j.method.Method;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.Method.Task;
import org.coop4j.method.train.Trainer;
import org.coop4j.method.train.Training;
import org.coop4j.run.RunConfig.RunData;
import org.coop4j.run.UnknownClasses.How;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Classes that are left out one by one. */
class UnknownClassesTest {

    @TempDir
    private static Path folder;

    private static Clip clip;
    private static RunFeatures pictures;
    private static Task task;
    private static RunData data;

    @BeforeAll
    static void pictures() throws IOException {
        Path root = TestPictures.folder(folder.resolve("data"), 4, "sea", "hill", "sky", "lawn");
        clip = TinyModel.open(TinyModel.write(folder.resolve("tiny.safetensors"), 1), 2);
        Images shared = new Images(clip, new Run.Options(folder.resolve("bank"), false, MemoryLimit.none()));
        DataSpec source = DataSpec.of(root);
        Sample sample = new Sample(0, 1);
        data = RunData.of(source, shared.dataset(source, 1), ClassHalf.ALL);
        RunConfig config = config(Method.of("prototypes"), Training.none());
        pictures = RunFeatures.of(shared, config, sample, Progress.NONE);
        task = new Task(pictures.classNames(), source.handWrittenPrompt(), 1);
    }

    private static RunConfig config(Method method, Training training) throws IOException {
        return RunConfig.of(clip.modelSha256(), data, method, training, new Sample(0, 1));
    }

    @AfterAll
    static void close() throws IOException {
        clip.close();
    }

    private static Scores scores(Method method, Training training) throws IOException {
        FewShotFeatures images =
                new FewShotFeatures(pictures.train().all(), pictures.val().all());
        try (Classifier all = method.learner(clip, task).fit(images, new Trainer(training, 1))) {
            return pictures.test().scores(all);
        }
    }

    private static UnknownClasses unknown(Method method, Training training) throws IOException {
        Scores test = scores(method, training);
        return UnknownClasses.of(pictures, config(method, training), test).orElseThrow();
    }

    /** A prototype does not depend on other classes: learned again, the others are as before. */
    @Test
    void learningAgainEqualsRemovingTheLogitIfClassesAreIndependent() throws IOException {
        Method prototypes = Method.of("prototypes");

        UnknownClasses unknown = unknown(prototypes, Training.none());

        assertThat(unknown.how()).isEqualTo(How.LEARNED_AGAIN);
        assertThat(unknown.leftOut()).isEqualTo(4);
        Scores test = scores(prototypes, Training.none());
        for (OpenSet score : OpenSet.values()) {
            assertThat(unknown.falsePositives().get(score)).isEqualTo(test.falsePositives(score), within(1e-9));
        }
    }

    /** A probe that saw the class has pushed the others away from its images. */
    @Test
    void aProbeIsLearnedAgainWithoutTheClass() throws IOException {
        Method probe = Method.of("linear-probe");

        UnknownClasses unknown = unknown(probe, Training.none());

        assertThat(unknown.how()).isEqualTo(How.LEARNED_AGAIN);
        Scores test = scores(probe, Training.none());
        assertThat(unknown.falsePositives().get(OpenSet.MAX_LOGIT))
                .isBetween(0.0, 100.0)
                .isNotEqualTo(test.falsePositives(OpenSet.MAX_LOGIT));
    }

    @Test
    void promptsAreNotLearnedAgainAndHandWrittenOnesNeedNoLearning() throws IOException {
        Method coop = Method.of("coop").with(Map.of("context_length", 2));
        Training once = Settings.with(coop.training(1), Map.of("epochs", 1, "batch", 4));

        UnknownClasses learned = unknown(coop, once);
        UnknownClasses written = unknown(Method.of("zero-shot"), Training.none());

        assertThat(learned.how()).isEqualTo(How.LOGIT_REMOVED);
        assertThat(written.how()).isEqualTo(How.NOTHING_LEARNED);
    }

    @Test
    void noneOfTwoClassesCanBeLeftOut() throws IOException {
        Task two = task.withClasses(task.classNames().subList(0, 2));

        Optional<UnknownClasses> unknown = UnknownClasses.of(
                new RunFeatures(clip, two, pictures.train(), pictures.val(), pictures.test()),
                config(Method.of("prototypes"), Training.none()),
                new Scores(new int[0], new float[0][]));

        assertThat(unknown).isEmpty();
    }
}
