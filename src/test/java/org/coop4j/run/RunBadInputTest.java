package org.coop4j.run;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.base.Thrown.assertThrown;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.coop4j.base.Folders;
import org.coop4j.clip.TinyModel;
import org.coop4j.data.bank.FeatureBanks;
import org.coop4j.data.bank.TestPictures;
import org.coop4j.method.CoOp;
import org.coop4j.method.Method;
import org.coop4j.method.PromptLayout.ClassPosition;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Mistakes of users and the messages about them. */
class RunBadInputTest {

    @TempDir
    static Path models;

    private static Path model;

    @TempDir
    Path folder;

    private Path data;
    private RunFixture.Quiet listener;

    @BeforeAll
    static void makeModel() throws IOException {
        model = TinyModel.write(models.resolve("tiny.safetensors"), 1);
    }

    @BeforeEach
    void makeData() throws IOException {
        data = TestPictures.folder(folder.resolve("data"), 3, RunFixture.CLASSES);
        listener = new RunFixture.Quiet();
    }

    private RunResult run(RunFixture.Setup config) throws IOException {
        return RunFixture.run(model, config, folder, listener);
    }

    private RunFixture.Setup config() {
        return RunFixture.config(data, 0, 2, 0, 0.01);
    }

    private void assertRefused(RunFixture.Setup config, String... words) {
        assertThrown(IOException.class, () -> run(config), words);
    }

    private void assertNothingWasEncoded() throws IOException {
        assertThat(listener.tasks).isEmpty();
        assertThat(folder.resolve("bank")).doesNotExist();
    }

    private Path train(String name) {
        return data.resolve("train").resolve(name);
    }

    private void rename(String from, String to) throws IOException {
        for (String part : new String[] {"train", "test"}) {
            Path there = data.resolve(part).resolve(from);
            Files.move(there, there.resolveSibling(to));
        }
    }

    @Test
    void aClassWithoutImagesIsNamed() throws IOException {
        Folders.empty(train("lawn"));
        assertRefused(config(), train("lawn").toString());
        assertNothingWasEncoded();
    }

    @Test
    void fewerImagesThanShotsAreAllUsedWithAWarning() throws IOException {
        Files.delete(train("lawn").resolve("picture-0.png"));
        RunResult result = run(RunFixture.config(data, 3, 2, 0, 0.01));
        assertThat(result.trainImages()).isEqualTo(11);
        assertThat(listener.warnings)
                .singleElement(InstanceOfAssertFactories.STRING)
                .contains("1 class", "3", "lawn: 2");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void oneClassIsRefused(boolean split) throws IOException {
        Path one = split ? folder.resolve("data/split.json") : TestPictures.folder(folder.resolve("one"), 3, "lawn");
        if (split) {
            String image = "[\"train/lawn/picture-0.png\", 0, \"lawn\"]";
            Files.writeString(one, "{\"train\": [%s], \"val\": [%s], \"test\": [%s]}".formatted(image, image, image));
        }
        assertRefused(RunFixture.config(one, 0, 2, 0, 0.01), "1 class");
        assertNothingWasEncoded();
    }

    @Test
    void classNamesThatMakeOnePromptAreRefused() throws IOException {
        rename("lawn", "Red Rose");
        assertRefused(config(), "'Red Rose'", "'red_rose'", "same prompt");
        assertNothingWasEncoded();
    }

    @ParameterizedTest
    @CsvSource({"_", "__", "\u00a0"})
    void aClassNameWithoutTokensIsRefused(String name) throws IOException {
        rename("lawn", name);
        assertThrown(IllegalArgumentException.class, () -> run(config()), "class name \"" + name + "\" has no tokens");
        assertNothingWasEncoded();
    }

    @Test
    void aPromptThatIsTooLongIsRefusedBeforeAnyImageIsEncoded() throws IOException {
        String name = "dog ".repeat(50).strip();
        rename("lawn", name);
        RunFixture.Setup longContext = config().with(new CoOp(30, ClassPosition.MIDDLE, false));
        assertThrown(
                IllegalArgumentException.class,
                () -> run(longContext),
                "\"dog dog ",
                "…\"",
                "83 tokens",
                "context length 77");
        assertNothingWasEncoded();
    }

    @Test
    void aHandWrittenPromptThatIsTooLongIsLeftOutWithAWarning() throws IOException {
        rename("lawn", "a ".repeat(70).strip());
        RunResult result = run(config());
        assertThat(result.handWritten()).extracting("prompt").contains("{}", "itap of a {}.");
        assertThat(listener.notes)
                .anySatisfy(note -> assertThat(note).contains("photo of the large {}", "context length 77"));
    }

    @Test
    void aModelThatChangedSinceTheRunBeganIsRefused() throws IOException {
        Path changing = folder.resolve("changing.safetensors");
        Files.copy(model, changing);
        RunFixture.run(changing, config(), folder, listener);
        Files.move(
                TinyModel.write(folder.resolve("other.safetensors"), 2), changing, StandardCopyOption.REPLACE_EXISTING);
        assertThrown(
                IOException.class,
                () -> RunFixture.run(changing, config(), folder, listener),
                folder.resolve("run").toString(),
                "model",
                "run folder");
    }

    @Test
    void otherSettingsAreAnotherRun() throws IOException {
        run(config());
        assertRefused(config().withSeed(9), "settings");
    }

    @Test
    void imagesThatChangedSinceTheRunBeganAreRefused() throws IOException {
        run(config());
        Files.delete(folder.resolve("run").resolve(RunFolder.PROVENANCE));
        TestPictures.write(train("lawn").resolve("picture-0.png"), 2, 999);
        assertRefused(config(), "images have changed");
    }

    @Test
    void aFolderWithARunIsRefused() throws IOException {
        run(config());
        try (var clip = TinyModel.open(model, 1)) {
            Run second = config().run(clip, RunFixture.options(folder, false), listener);
            assertThrown(
                    IOException.class,
                    () -> second.run(folder.resolve("run"), false),
                    folder.resolve("run").toString(),
                    "resume",
                    "run folder");
        }
    }

    @Test
    void twoRunsIntoOneFolderAreRefused() throws IOException {
        try (RunFolder first = RunFolder.open(folder.resolve("run"))) {
            assertThat(first.has(RunFolder.CONFIG)).isFalse();
            assertRefused(config(), folder.resolve("run").toString(), "run folder");
        }
        run(config());
    }

    @ParameterizedTest
    @ValueSource(strings = {"thesis.tex", ".bookmarks.tmp"})
    void aFolderWithOtherFilesIsRefused(String name) throws IOException {
        Path out = Files.createDirectories(folder.resolve("run"));
        Path other = Files.writeString(out.resolve(name), "\\begin");
        assertRefused(config(), out.toString(), "run folder");
        assertThat(other).hasContent("\\begin");
        assertThat(out.resolve(".lock")).doesNotExist();
    }

    @Test
    void aRefusedRunLeavesNoTraceAmongTheImages() throws IOException {
        try (var clip = TinyModel.open(model, 1)) {
            Run.Options options = RunFixture.options(folder, false);
            for (Path inside : new Path[] {data, data.resolve("out"), train("lawn")}) {
                assertThrown(
                        IOException.class,
                        () -> config().run(clip, options, listener).run(inside, false),
                        inside.toString(),
                        data.toString(),
                        "run folder");
            }
        }
        assertThat(data.resolve("out")).doesNotExist();
        assertThat(data.resolve(".lock")).doesNotExist();
        assertNothingWasEncoded();
    }

    @Test
    void damagedSettingsAreNamed() throws IOException {
        run(config());
        Path config = folder.resolve("run").resolve(RunFolder.CONFIG);
        Files.writeString(config, "{\"config\":");
        assertRefused(config(), config + " is damaged");
    }

    @Test
    void aFolderThatCannotBeWrittenIsRefusedWithAdvice() throws IOException {
        Path file = Files.createFile(
                folder.resolve("a-file")); // refused to root as well, who may write to read-only folders
        Path folderOnly = Files.createDirectories(folder.resolve("read-only"));
        if (!folderOnly.toFile().setWritable(false) || Files.isWritable(folderOnly)) {
            // Root may write anyway, but nobody can write to a lock that is a folder.
            Files.createDirectory(folderOnly.resolve(".lock"));
        }
        for (Path impossible : List.of(file, file.resolve("run"), folderOnly)) {
            assertThrown(IOException.class, () -> RunFolder.open(impossible), impossible.toString(), "run folder");
        }
    }

    @Test
    void unreadableImagesAreRefusedOrSkippedWithSkipBad() throws IOException {
        Path bad = train("lawn").resolve("picture-1.png");
        Files.writeString(bad, "not a picture", UTF_8);
        assertThrown(FeatureBanks.UnreadableImagesException.class, () -> run(config()), "1 image");
        assertThat(listener.warnings).singleElement().satisfies(said -> assertThat(said)
                .contains(bad.toString()));
        RunResult result = RunFixture.run(model, config(), folder, true, listener);
        assertThat(result.trainImages()).isEqualTo(11);
    }

    @Test
    void unreadableTrainingAndValImagesAreReportedAtOnceWithOneReasonEach() throws IOException {
        Path train = train("lawn").resolve("picture-1.png");
        Path val = data.resolve("val/lawn/picture-0.png");
        for (String name : RunFixture.CLASSES) {
            TestPictures.write(data.resolve("val").resolve(name).resolve("picture-0.png"), 1, 50);
        }
        Files.writeString(train, "not a picture");
        Files.writeString(val, "no picture either");
        RunFixture.Setup probe = new RunFixture.Setup(data, Method.of("linear-probe"), Sample.of(0, 1), Map.of(), 1);
        assertThrown(FeatureBanks.UnreadableImagesException.class, () -> run(probe), "2 images");
        assertThat(listener.warnings)
                .hasSize(2)
                .anyMatch(said -> said.contains(train.toString()))
                .anyMatch(said -> said.contains(val.toString()));
        listener.warnings.clear();
        RunFixture.run(model, probe, folder, true, listener); // calibrates by the training images, too
        assertThat(listener.warnings)
                .filteredOn(said -> said.contains("picture-"))
                .hasSize(2);
    }

    @Test
    @Timeout(600)
    @EnabledOnOs({OS.LINUX, OS.MAC})
    void aRunFolderWhoseLockIsAPipeIsRefused() throws Exception {
        Path out = Files.createDirectories(folder.resolve("run"));
        Path lock = out.resolve(".lock");
        assertThat(new ProcessBuilder("mkfifo", lock.toString()).start().waitFor())
                .isZero();
        assertRefused(config(), "run folder " + out, lock + ": expected a file, got a pipe");
    }

    @Test
    void aClassWithoutReadableImagesIsAlwaysRefused() throws IOException {
        for (int i = 0; i < 3; i++) {
            Files.writeString(train("lawn").resolve("picture-" + i + ".png"), "none " + i);
        }
        assertThrown(
                IOException.class,
                () -> RunFixture.run(model, config(), folder, true, listener),
                "\"lawn\"",
                "training");
    }

    @Test
    void missingDataIsNamed() {
        assertRefused(
                RunFixture.config(folder.resolve("nowhere"), 0, 2, 0, 0.01),
                folder.resolve("nowhere").toString());
    }
}
