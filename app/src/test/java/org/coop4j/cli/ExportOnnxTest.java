package org.coop4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.cli.CommandRun.coop;

import java.io.IOException;
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
        coop("train", "-m", model, "-d", pictures, "-o", run, "-q", "--method", "gda")
                .ok();
        Path classifier = folder.resolve("classifier.onnx");
        CommandRun exported =
                coop("export", "--onnx", "-p", run, "-o", classifier).ok();
        assertThat(exported.out().strip()).isEqualTo(classifier.toString());
        assertThat(classifier).isNotEmptyFile();

        Path towers = folder.resolve("towers");
        coop("export", "--onnx", "-m", model, "-o", towers).ok();
        assertThat(towers.resolve("image.onnx")).isNotEmptyFile();
        assertThat(towers.resolve("text.onnx")).isNotEmptyFile();
    }

    @Test
    void aModelThatWasNotDownloadedSaysHow() throws Exception {
        assertThat(CoopProcess.run(folder, "zero-shot", "-m", "RN50", "-c", "a,b", "x.jpg")
                        .failed(1))
                .contains("coop download RN50");
    }
}
