package org.coop4j.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFileTest {
    @TempDir
    private Path folder;

    private Path target;

    @BeforeEach
    void nameTarget() {
        target = folder.resolve("out.safetensors");
    }

    /** Another process: begins a file, says so, and commits it when it is given a line. */
    static final class Writer {
        private Writer() {}

        public static void main(String[] args) throws IOException {
            try (AtomicFile file = AtomicFile.create(Path.of(args[0]))) {
                file.write(ByteBuffer.wrap(bytes("theirs")), 0);
                System.out.println("writing");
                if (System.in.read() == '\n') {
                    file.commit();
                }
            }
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private Process startWriter() throws IOException {
        Process process = JavaChild.of(Writer.class, List.of(), target)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
        assertThat(out.readLine()).isEqualTo("writing");
        return process;
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void theNextWriterRemovesWhatAKilledOneLeft() throws Exception {
        Process killed = startWriter();
        killed.destroyForcibly().waitFor();
        String leftOver = names().get(0);
        assertThat(leftOver).startsWith(".out.safetensors.").endsWith(".tmp");
        String[] others = {
            leftOver.replace("out.", "other."), // of another target
            leftOver.replace(".tmp", ".bak"),
            ".out.safetensors.notes.tmp", // the user's
            ".out.safetensors.tmp",
            "x" + leftOver,
        };
        for (String name : others) {
            Files.writeString(folder.resolve(name), "kept");
        }
        AtomicFile.write(target, bytes("ours"));
        assertThat(target).hasContent("ours");
        assertThat(names()).doesNotContain(leftOver).contains(others).hasSize(others.length + 1);
    }

    @Test
    void aTemporaryFileThatALivingProcessWritesSurvives() throws Exception {
        Process living = startWriter();
        AtomicFile.write(target, bytes("ours"));
        assertThat(target).hasContent("ours");
        assertThat(names()).hasSize(2);
        living.getOutputStream().write('\n');
        living.getOutputStream().flush();
        assertThat(living.waitFor()).isZero();
        assertThat(target).hasContent("theirs");
        assertThat(names()).containsExactly("out.safetensors");
    }

    @Test
    void twoWritersOfOneProcessLeaveEachOtherAlone() throws IOException {
        try (AtomicFile first = AtomicFile.create(target);
                AtomicFile second = AtomicFile.create(target)) {
            first.write(ByteBuffer.wrap(bytes("first")), 0);
            second.write(ByteBuffer.wrap(bytes("second")), 0);
            second.commit();
            first.commit();
        }
        assertThat(target).hasContent("first");
        assertThat(names()).containsExactly("out.safetensors");
    }

    @Test
    void aFileThatIsNotCommittedLeavesNoTrace() throws IOException {
        try (AtomicFile file = AtomicFile.create(target)) {
            file.write(ByteBuffer.wrap(bytes("half")), 0);
        }
        assertThat(names()).isEmpty();
    }

    @Test
    void anInterruptedWriterSaysSo() throws IOException {
        try (AtomicFile file = AtomicFile.create(target)) {
            Thread.currentThread().interrupt();
            assertThatThrownBy(() -> file.write(ByteBuffer.wrap(bytes("half")), 0))
                    .hasMessageContainingAll(target.toString(), "interrupted");
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
        assertThat(names()).isEmpty();
    }

    @Test
    void aTargetThatCannotBeWrittenIsNamedAndNotItsTemporary() {
        String name = "x".repeat(250); // too long with anything added
        assertThatThrownBy(() -> AtomicFile.write(folder.resolve(name), new byte[1]))
                .isInstanceOf(InputException.class)
                .hasMessageStartingWith("cannot write " + folder.resolve(name) + ": ")
                .hasMessageNotContaining(".tmp");
    }
}
