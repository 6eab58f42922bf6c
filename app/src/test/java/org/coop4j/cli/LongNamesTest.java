package org.coop4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.cli.CommandRun.coop;
import static org.coop4j.cli.TinyModel.MODEL;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.coop4j.data.bank.TestPictures;
import org.coop4j.run.RunFolder;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Class names of more tokens than a prompt may have, and of nearly as many bytes as a file's name may have. */
class LongNamesTest {

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
        assertThat(CampaignFiles.files(errors)).map(Path::toString).anySatisfy(copy -> assertThat(copy)
                .contains("/0 a a a", "… as 1 b b b", "yyy.png"));
    }
}
