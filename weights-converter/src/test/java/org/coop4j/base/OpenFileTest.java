package org.coop4j.base;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.coop4j.base.Thrown.assertThrown;

import java.io.BufferedReader;
import java.io.EOFException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.coop4j.weights.DType;
import org.coop4j.weights.Shape;
import org.coop4j.weights.TensorView;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Files that may come from strangers: opened, read as text, hashed, and named by their first bytes. */
class OpenFileTest {
    private static final int FLOATS = 1 << 20;

    @TempDir
    private Path folder;

    @TempDir
    private Path inputs;

    private Path path;
    private byte[] content;

    @BeforeEach
    void writeFile() throws IOException {
        content = new byte[FLOATS * Float.BYTES];
        new Random(1).nextBytes(content);
        path = Files.write(inputs.resolve("weights"), content);
    }

    private static TensorView tensor(OpenFile file) {
        return TensorView.contiguous("t", DType.I32, Shape.of(FLOATS), file.region());
    }

    private long[] expected() {
        long[] values = new long[FLOATS];
        ByteBuffer bytes = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < FLOATS; i++) {
            values[i] = bytes.getInt();
        }
        return values;
    }

    @Test
    void anInterruptInTheMiddleOfAReadClosesTheFileForNobody() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try (OpenFile file = OpenFile.open(path)) {
            long[] expected = expected();
            AtomicBoolean done = new AtomicBoolean();
            AtomicReference<Thread> victim = new AtomicReference<>();
            CountDownLatch reading = new CountDownLatch(2);
            Future<Integer> interrupted = threads.submit(() -> {
                victim.set(Thread.currentThread());
                reading.countDown();
                int interrupts = 0;
                while (!done.get()) {
                    assertThat(tensor(file).longs()).isEqualTo(expected);
                    interrupts += Thread.interrupted() ? 1 : 0;
                }
                return interrupts;
            });
            Future<?> other = threads.submit(() -> {
                reading.countDown();
                while (!done.get()) {
                    assertThat(tensor(file).longs()).isEqualTo(expected);
                }
                return null;
            });
            reading.await();
            for (int i = 0; i < 200; i++) {
                victim.get().interrupt();
                assertThat(tensor(file).longs()).hasSize(FLOATS);
            }
            done.set(true);
            assertThat(interrupted.get()).isPositive();
            other.get();
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void whatWasOpenedIsReadAndHashedEvenWhenAnotherFileTakesItsPlace() throws IOException {
        try (OpenFile file = OpenFile.open(path)) {
            Path other = Files.write(folder.resolve("other"), new byte[16]);
            Files.move(other, path, StandardCopyOption.REPLACE_EXISTING);
            assertThat(file.sha256(bytes -> {})).isEqualTo(Sha256.of(content));
            assertThat(tensor(file).longs()).isEqualTo(expected());
        }
    }

    @Test
    void aFileThatBecameShorterIsNoticed() throws IOException {
        try (OpenFile file = OpenFile.open(path)) {
            Files.write(path, new byte[16]);
            assertThatThrownBy(() -> tensor(file).longs())
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining(path.toString())
                    .hasCauseInstanceOf(EOFException.class);
        }
    }

    @Test
    void whatIsNoFileIsNamed() {
        assertThrown(InputException.class, () -> OpenFile.open(folder), folder.toString(), "got a folder");
        assertThrown(
                InputException.class,
                () -> OpenFile.open(folder.resolve("none")),
                folder.resolve("none").toString());
    }

    @Test
    @EnabledOnOs({OS.LINUX, OS.MAC})
    void devicesAreRefused() {
        assertThrown(InputException.class, () -> OpenFile.open(Path.of("/dev/zero")), "/dev/zero", "device");
    }

    /** A pipe without a writer would wait for ever, and so would the kernel's log. */
    @Test
    @Timeout(600)
    @EnabledOnOs({OS.LINUX, OS.MAC})
    void pipesAreRefusedHoweverTheyAreOpened() throws Exception {
        Path pipe = path.resolveSibling(".weights.0123456789abcdef-0123456789abcdef.tmp");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
        assertRefused(() -> OpenFile.open(pipe));
        assertRefused(() -> OpenFile.read(pipe, 1));
        assertRefused(() -> OpenFile.channel(pipe, StandardOpenOption.CREATE, StandardOpenOption.WRITE));
        assertRefused(() -> TextFile.lines(pipe));
        assertRefused(() -> Sha256.of(pipe));
        AtomicFile.write(path, new byte[1]); // a temporary file that another process left has such a name
        assertThat(pipe).exists();
    }

    @Test
    @EnabledOnOs({OS.LINUX, OS.MAC})
    void aLinkToNothingIsNotFollowed() throws IOException {
        Path link = Files.createSymbolicLink(folder.resolve("link"), folder.resolve("elsewhere"));
        assertThrown(
                InputException.class,
                () -> OpenFile.channel(link, StandardOpenOption.CREATE, StandardOpenOption.WRITE),
                "link to nothing");
        assertThat(folder.resolve("elsewhere")).doesNotExist();
    }

    private static void assertRefused(ThrowingCallable opening) {
        assertThrown(InputException.class, opening, "pipe");
    }

    @Test
    void aFileIsReadAsFarAsItsSizeSaid() throws IOException {
        assertThat(OpenFile.read(path, content.length)).isEqualTo(content);
        assertThrown(InputException.class, () -> OpenFile.read(path, 1 << 20), path + " has more than 1 MB");
    }

    /** The system says that such a file has no bytes; reading until its end would never end for some of them. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void filesOfTheSystemWithoutASizeAreEmpty() throws IOException {
        assertThat(OpenFile.read(Path.of("/proc/uptime"), 100)).isEmpty();
        assertThat(Sha256.of(Path.of("/proc/uptime"))).isEqualTo(Sha256.of(""));
    }

    @Test
    void linesEndInAnyWayAndAByteOrderMarkIsNoPartOfTheFirst() throws IOException {
        Path file = Files.writeString(folder.resolve("names.txt"), "\ufeffcat\r\ndög\rbird\n");
        assertThat(TextFile.lines(file)).containsExactly("cat", "dög", "bird");
    }

    @Test
    void whatIsNotTextIsRefused() throws IOException {
        Path file = Files.write(folder.resolve("names.txt"), new byte[] {'c', (byte) 0xe4, 't'});
        assertThrown(() -> TextFile.lines(file), file.toString(), "UTF-8");
    }

    @Test
    void aFileThatIsTooLargeIsRefused() throws IOException {
        Path file = folder.resolve("names.txt");
        try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.setLength(1L << 40);
        }
        assertThrown(IOException.class, () -> TextFile.lines(file), file.toString(), "64 MB");
    }

    @Test
    void hashesAreThoseOfTheStandard() {
        // FIPS 180-4's examples of one block and of two.
        assertThat(Sha256.of("abc")).isEqualTo("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assertThat(Sha256.of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))
                .isEqualTo("248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
        assertThat(new Sha256().hex()).isEqualTo("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }

    @ParameterizedTest
    @CsvSource({
        "%PDF-1.7, PDF",
        "PK\\3\\4, ZIP",
        "version https://git-lfs.github.com/spec/v1, Git LFS",
        "' <!DOCTYPE html>', web page",
        "Dear diary, Dear diary",
    })
    void kindsAreNamedByTheirFirstBytes(String content, String kind) {
        assertThat(FileKind.of(content.translateEscapes().getBytes(ISO_8859_1))).contains(kind);
    }

    @Test
    void unknownBytesAreShown() {
        assertThat(FileKind.of(new byte[] {1, 2, (byte) 0xff})).contains("01 02 ff");
        assertThat(FileKind.of(new byte[0])).isEqualTo("empty");
    }

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
            assertThrown(() -> file.write(ByteBuffer.wrap(bytes("half")), 0), target.toString(), "interrupted");
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
