package org.coop4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.cli.CommandRun.coop;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConvertCommandTest {

    @TempDir
    private Path folder;

    private Path out;

    @BeforeEach
    void chooseOutput() throws IOException {
        out = Files.createDirectory(folder.resolve("out")).resolve("model.safetensors");
    }

    @Test
    void aBareFileConvertsWithTheActivationThatTheUserGives() throws IOException {
        Path source = TinyModel.writeBare(folder);
        CommandRun run =
                coop("convert", source, "-o", out, "--activation", "gelu").ok();
        assertThat(run.out()).startsWith(out + ": ViT of 2 layers").contains("gelu");
        assertThat(coop("model", out).out()).containsPattern("activation +gelu");
    }

    @Test
    void theActivationIsNeverGuessed() throws IOException {
        assertRefused(TinyModel.writeBare(folder), "(--activation): give quick_gelu");
    }

    @Test
    void aMissingOutputFolderIsRefused() throws IOException {
        Path source = TinyModel.writeBare(folder);
        assertThat(coop("convert", source, "--activation", "gelu", "-o", folder.resolve("no/x"))
                        .failed(1))
                .isEqualTo("coop: no such folder: " + folder.resolve("no") + "\n");
    }

    @Test
    void aPickleThatCallsTheShellRunsNothing() throws IOException {
        Path traces = folder.resolve("traces");
        String pickle = "cposix\nsystem\n(S'touch " + traces + "'\ntR.";
        assertRefused(zip("evil.pt", pickle.getBytes(StandardCharsets.US_ASCII)), "evil.pt");
        assertThat(traces).doesNotExist();
    }

    private Path zip(String name, byte[] pickle) throws IOException {
        Path file = folder.resolve(name);
        try (OutputStream target = Files.newOutputStream(file);
                ZipOutputStream zip = new ZipOutputStream(target)) {
            zip.putNextEntry(new ZipEntry("archive/data.pkl"));
            zip.write(pickle);
            zip.closeEntry();
        }
        return file;
    }

    /** Checks for one line, exit code 1, and no file left. */
    private void assertRefused(Path source, String message) throws IOException {
        CommandRun run = coop("convert", source, "-o", out);
        assertThat(run.failed(1)).startsWith("coop: ").contains(message).doesNotContain("\tat ");
        assertThat(run.err().lines()).hasSize(1);
        assertThat(run.out()).isEmpty();
        assertThat(out.getParent()).isEmptyDirectory();
    }
}
