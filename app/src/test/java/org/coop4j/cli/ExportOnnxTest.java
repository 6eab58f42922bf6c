package org.coop4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.cli.CommandRun.coop;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.coop4j.data.bank.TestPictures;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code coop export --onnx} and {@code coop download}; the contents of the files are tested elsewhere. */
class ExportOnnxTest {

    @TempDir
    private static Path folder;

    @Test
    void classifierAndTowersAreWritten() throws IOException {
        Path model = TinyModel.write(folder);
        Path pictures = TestPictures.folder(folder.resolve("pictures"), 4, "blue", "red");
        Path run = folder.resolve("run");
        CommandRun trained = coop("train", "-m", model, "-d", pictures, "-o", run, "-q", "--method", "gda");
        assertThat(trained.code()).as(trained.err()).isZero();
        Path classifier = folder.resolve("classifier.onnx");
        CommandRun exported = coop("export", "--onnx", "-p", run, "-o", classifier);
        assertThat(exported.code()).as(exported.err()).isZero();
        assertThat(exported.out().strip()).isEqualTo(classifier.toString());
        assertThat(classifier).isNotEmptyFile();

        Path towers = folder.resolve("towers");
        assertThat(coop("export", "--onnx", "-m", model, "-o", towers).code()).isZero();
        assertThat(towers.resolve("image.onnx")).isNotEmptyFile();
        assertThat(towers.resolve("text.onnx")).isNotEmptyFile();
    }

    @Test
    void whatDoesNotGoTogetherIsRefused() {
        Path out = folder.resolve("never");
        assertThat(coop("export", "-o", out).err()).contains("--prompt");
        assertThat(coop("export", "-p", "run", "--fp16", "-o", out).err()).contains("need --onnx");
        CommandRun both = coop("export", "--onnx", "-p", "run", "--epoch", 3, "-o", out);
        assertThat(both.code()).isEqualTo(2);
        assertThat(both.err()).contains("--epoch");
        CommandRun noClassifier = coop("export", "--onnx", "-m", "m", "--with-preprocessing", "-o", out);
        assertThat(noClassifier.err()).contains("--with-preprocessing").contains("--prompt");
        assertThat(Files.exists(out)).isFalse();
    }

    @Test
    void aModelThatWasNotDownloadedSaysHow() throws Exception {
        CommandRun run = CoopProcess.run(folder, "zero-shot", "-m", "RN50", "-c", "a,b", "x.jpg");
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err()).contains("coop download RN50");
        CommandRun unknown = coop("download", "RN51");
        assertThat(unknown.code()).isEqualTo(2);
        assertThat(unknown.err()).contains("'RN51'");
    }
}
