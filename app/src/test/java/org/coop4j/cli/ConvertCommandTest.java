package org.coop4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.cli.CommandRun.coop;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
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
        CommandRun run = coop("convert", source, "-o", out, "--activation", "gelu");
        assertThat(run.code()).isZero();
        assertThat(run.out()).startsWith(out + ": ViT of 2 layers").contains("gelu");
        assertThat(coop("model", out).out()).containsPattern("activation +gelu");
    }

    @Test
    void theActivationIsNeverGuessed() throws IOException {
        assertRefused(TinyModel.writeBare(folder), "(--activation): give quick_gelu");
    }

    @Test
    void anotherActivationIsWrongUsage() {
        CommandRun run = coop("convert", "x", "-o", out, "--activation", "relu");
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).contains("relu", "QUICK_GELU", "GELU");
    }

    @Test
    void aMissingSourceIsRefused() throws IOException {
        assertRefused(folder.resolve("absent.pt"), "no such file or folder");
    }

    @Test
    void aMissingOutputFolderIsRefused() throws IOException {
        Path source = TinyModel.writeBare(folder);
        CommandRun run = coop("convert", source, "--activation", "gelu", "-o", folder.resolve("no/x"));
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err()).isEqualTo("coop: no such folder: " + folder.resolve("no") + "\n");
    }

    @Test
    void aTextFileNamedPtIsRefused() throws IOException {
        assertRefused(file("model.pt", "not a model\n".getBytes(StandardCharsets.UTF_8)), "text");
    }

    @Test
    void aFolderWithoutAModelIsRefused() throws IOException {
        assertRefused(Files.createDirectory(folder.resolve("empty")), "config.json");
    }

    @Test
    void aTruncatedFileIsRefused() throws IOException {
        byte[] whole = Files.readAllBytes(TinyModel.writeBare(folder));
        assertRefused(file("cut.safetensors", Arrays.copyOf(whole, whole.length - 100)), "cut.safetensors");
    }

    @Test
    void aHeaderOfTerabytesIsRefused() throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(1L << 42).put((byte) '{');
        assertRefused(file("huge.safetensors", bytes.array()), "header");
    }

    @Test
    void aPickleThatCallsTheShellRunsNothing() throws IOException {
        Path traces = folder.resolve("traces");
        String pickle = "cposix\nsystem\n(S'touch " + traces + "'\ntR.";
        assertRefused(zip("evil.pt", pickle.getBytes(StandardCharsets.US_ASCII)), "evil.pt");
        assertThat(traces).doesNotExist();
    }

    @Test
    void aZipBombIsRefused() throws IOException {
        assertRefused(zip("bomb.pt", new byte[1 << 28]), "bomb.pt");
    }

    private Path file(String name, byte[] content) throws IOException {
        return Files.write(folder.resolve(name), content);
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
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err()).startsWith("coop: ").contains(message).doesNotContain("\tat ");
        assertThat(run.err().lines()).hasSize(1);
        assertThat(run.err()).doesNotContain("internal error");
        assertThat(run.out()).isEmpty();
        try (Stream<Path> left = Files.list(out.getParent())) {
            assertThat(left).isEmpty();
        }
    }
}
