package org.coop4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.cli.CommandRun.coop;
import static org.coop4j.cli.TinyModel.MODEL;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.coop4j.base.Folders;
import org.coop4j.clip.ShippedModel;
import org.coop4j.data.bank.TestPictures;
import org.coop4j.run.RunFolder;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Class names of more tokens than a prompt may have, and of nearly as many bytes as a file's name may have. */
class ClassNamesCommandTest {

    private static final String[] CLASSES = {"a ".repeat(90) + "sea", "b ".repeat(90) + "sky", "c ".repeat(90) + "hill"
    };

    @TempDir
    private static Path folder;

    private static Path pictures;

    @BeforeAll
    static void draw() throws IOException {
        pictures = TestPictures.folder(folder.resolve("pictures"), 4, CLASSES);
        // A picture that every classifier of colours gets wrong.
        TestPictures.write(pictures.resolve("test").resolve(CLASSES[0]).resolve("y".repeat(240) + ".png"), 1, 77);
    }

    private static CommandRun train(String method) {
        return coop(
                "train -m % -d % -k 4 -o % --method % --bank %",
                MODEL, pictures, folder.resolve(method), method, folder.resolve("bank"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"linear-probe", "prototypes"})
    void methodsThatNeedNoPromptsHaveAReport(String method) throws IOException {
        CommandRun done = train(method).ok();
        assertThat(done.out()).contains("{} (cut to fit)");
        String page = Files.readString(folder.resolve(method).resolve(RunFolder.REPORT));
        assertThat(page).contains("<h2>Labels");
    }

    @Test
    void misclassifiedPicturesOfLongNamesAreCopied() throws IOException {
        assertThat(train("gda").code()).isEqualTo(1); // its prompts do not fit
        Path run = folder.resolve("to-eval");
        coop("train -m % -d % -k 4 -o % --method prototypes --bank %", MODEL, pictures, run, folder.resolve("bank"))
                .ok();
        Path errors = folder.resolve("errors");
        coop("eval", "-p", run, "--errors", errors, "--bank", folder.resolve("bank"))
                .ok();
        assertThat(Folders.files(errors)).map(Path::toString).anySatisfy(copy -> assertThat(copy)
                .contains("/0 a a a", "… as 1 b b b", "yyy.png"));
    }

    private static final String WARNING =
            "coop: the model does not know a word in this name: ketch; prompts will be weak\n";

    private static Path model;
    private static Path picture;

    @BeforeAll
    static void learn() throws IOException {
        model = ShippedModel.file(folder.resolve("model"));
        Path pictures = TestPictures.folder(folder.resolve("foxes"), 2, "red fox", "blue sea");
        TestPictures.folder(folder.resolve("others"), 2, "red fox", "ketch");
        picture = pictures.resolve("test/red fox/picture-0.png");
        CommandRun trained = coop(
                        "train -m % -d % -o % -k 1 -M 2 --epochs 1 --bank %",
                        model, pictures, folder.resolve("run"), folder.resolve("bank"))
                .ok();
        assertThat(trained.err()).doesNotContain("does not know");
    }

    static List<List<Object>> commands() {
        Path run = folder.resolve("run");
        Path bank = folder.resolve("bank");
        return List.of(
                List.of("model", model, "-c", "red fox,ketch"),
                List.of("embed", "-m", model, "--text", "ketch", "-o", folder.resolve("ketch.safetensors")),
                List.of("zero-shot", "-m", model, "-c", "red fox,ketch", picture),
                List.of("predict", "-p", run, "-c", "red fox,ketch", picture),
                List.of("eval", "-p", run, "-d", folder.resolve("others"), "--bank", bank),
                List.of("add-class -p % --name ketch -o % --bank %", run, folder.resolve("more.safetensors"), bank));
    }

    @ParameterizedTest
    @MethodSource("commands")
    void aWordThatTheModelNeverSawIsWarnedOf(List<Object> words) {
        CommandRun run = coop(words.toArray()).ok();
        assertThat(run.err()).containsOnlyOnce(WARNING);
    }

    @Test
    void classesThatWereLearnedAreWarnedOfInTrainingAlone() {
        CommandRun predicted =
                coop("predict", "-p", folder.resolve("run"), picture).ok();
        assertThat(predicted.err()).doesNotContain("does not know");
    }

    @Test
    void aModelsDescriptionListsThemAsJson() {
        CommandRun described =
                coop("model", model, "--json", "-c", "ketch,red fox,ibis").ok();
        assertThat(described.out()).contains("\"unknown_classes\" : [ \"ketch\", \"ibis\" ]");
        assertThat(coop("model", model, "--json").out()).doesNotContain("unknown_classes");
    }
}
