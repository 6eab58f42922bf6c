package org.coop4j.sweep;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.coop4j.data.ClassHalf;
import org.coop4j.run.DataSpec;
import org.coop4j.run.RunFolder;
import org.coop4j.run.TrainConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunConfigTest {

    private static final RunConfig.Lists CALTECH =
            new RunConfig.Lists("Caltech101", "12".repeat(32));

    @TempDir private Path folder;

    private static RunConfig learned(TrainConfig config) {
        return new RunConfig(
                "coop-m16-end",
                "ab".repeat(32),
                CALTECH,
                CALTECH,
                ClassHalf.ALL,
                config.shots(),
                config.seed(),
                null,
                config);
    }

    private static RunConfig prompts(String... templates) {
        return new RunConfig(
                "zero-shot",
                "ab".repeat(32),
                null,
                CALTECH,
                ClassHalf.ALL,
                0,
                0,
                List.of(templates),
                null);
    }

    private static TrainConfig training(String place) {
        return TrainConfig.reference(DataSpec.of(Path.of(place)), 4, 2);
    }

    private static TrainConfig checkpoints(TrainConfig c, double rate, int every) {
        return new TrainConfig(
                c.data(),
                c.classes(),
                c.shots(),
                c.seed(),
                c.contextLength(),
                c.position(),
                c.classSpecific(),
                c.words(),
                c.epochs(),
                c.batch(),
                rate,
                c.warmupEpochs(),
                c.warmupRate(),
                c.momentum(),
                c.weightDecay(),
                c.views(),
                every);
    }

    /** Whoever changes what goes into it makes all runs of all users anew. */
    @Test
    void hashesStayWhatTheyWere() {
        assertThat(learned(training("data")).hash())
                .isEqualTo("7c39c3fc792a12142288e6b7b9c2efd16c5c2f4fe0e6a5cc638a96f8f5036e02");
        assertThat(prompts("a photo of a {}.").hash())
                .isEqualTo("23851e5ea868a6828f8080c32fb891d5d47f9ffef1501b7fa9e4fb0ea266c61e");
    }

    @Test
    void whatIsReadHasTheHashOfWhatWasWritten() throws IOException {
        for (RunConfig config : List.of(learned(training("data")), prompts("{}", "a {}"))) {
            try (RunFolder run = RunFolder.open(folder)) {
                run.write(RunFolder.CONFIG, config);
            }
            RunConfig read = RunFolder.read(folder.resolve(RunFolder.CONFIG), RunConfig.class);
            assertThat(read).isEqualTo(config);
            assertThat(read.hash()).isEqualTo(config.hash());
        }
    }

    @Test
    void neitherTheDatasPlaceNorCheckpointsMakeAnotherRun() {
        TrainConfig here = training("here");
        assertThat(learned(training("there")).hash()).isEqualTo(learned(here).hash());
        assertThat(learned(checkpoints(here, here.rate(), 3)).hash())
                .isEqualTo(learned(here).hash());
    }

    @Test
    void whatDecidesTheResultMakesAnotherRun() {
        TrainConfig config = training("data");
        RunConfig base = learned(config);
        assertThat(
                        List.of(
                                learned(config.withSeed(3)),
                                learned(checkpoints(config, 0.001, config.checkpointEvery())),
                                prompts("{}"),
                                prompts("{}."),
                                new RunConfig(
                                        base.method(),
                                        "cd".repeat(32),
                                        CALTECH,
                                        CALTECH,
                                        ClassHalf.ALL,
                                        4,
                                        2,
                                        null,
                                        config),
                                new RunConfig(
                                        base.method(),
                                        base.modelSha256(),
                                        CALTECH,
                                        new RunConfig.Lists("Caltech101", "34".repeat(32)),
                                        ClassHalf.ALL,
                                        4,
                                        2,
                                        null,
                                        config),
                                new RunConfig(
                                        base.method(),
                                        base.modelSha256(),
                                        CALTECH,
                                        CALTECH,
                                        ClassHalf.NEW,
                                        4,
                                        2,
                                        null,
                                        config)))
                .extracting(RunConfig::hash)
                .doesNotHaveDuplicates()
                .doesNotContain(base.hash());
    }
}
