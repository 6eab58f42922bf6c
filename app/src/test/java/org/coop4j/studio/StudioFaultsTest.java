package org.coop4j.studio;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.base.Thrown.assertThrown;
import static org.coop4j.studio.StudioFolder.contents;
import static org.coop4j.studio.StudioFolder.fill;
import static org.coop4j.studio.StudioFolder.history;
import static org.coop4j.studio.StudioFolder.ids;
import static org.coop4j.studio.StudioFolder.open;
import static org.coop4j.studio.StudioFolder.picture;
import static org.coop4j.studio.StudioProblem.UNCHANGED;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.StringJoiner;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.coop4j.base.CheckedLines;
import org.coop4j.base.Folders;
import org.coop4j.base.Sha256;
import org.coop4j.base.StateFolder;
import org.coop4j.console.CommandFailure;
import org.coop4j.studio.Journal.Entry;
import org.coop4j.studio.Journal.Move;
import org.coop4j.studio.Journal.Version;
import org.coop4j.studio.Snapshot.Photo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A studio whose folder or system refuses something: a clear message, and nothing is lost. The system property {@code
 * studio.thousands} sets how many thousand files a folder has.
 */
class StudioFaultsTest {

    @TempDir
    private Path folder;

    /** Changes a folder, and prints what is refused. */
    static final class Hindered {
        private Hindered() {}

        public static void main(String[] arguments) throws IOException {
            try (Studio studio = StudioFolder.open(Path.of(arguments[0]), false, StudioFolder.USER, Hindered::sha256)) {
                System.out.println(studio.snapshot().photos().size() + " pictures");
                studio.unusable().forEach(System.out::println);
                attempt(() -> studio.upload(Arrays.copyOf(picture(99), 50_000), null, "large.png", null));
                for (int i = 0; i < 10; i++) {
                    String to = "b" + i % 2;
                    attempt(() -> studio.move(List.of(ids(studio, "a").get(0)), to, true, null));
                }
            } catch (CommandFailure e) {
                System.out.println(e.getMessage());
            }
        }

        /** Empty files have different contents, too. */
        private static String sha256(Path file) throws IOException {
            return Files.size(file) == 0 ? Sha256.of(file.toString()) : Sha256.of(file);
        }

        private static void attempt(Runnable change) {
            try {
                change.run();
            } catch (StudioProblem e) {
                System.out.println(e.getMessage() + " " + e.lost);
            }
        }
    }

    /** In the locale C, names that are not ASCII cannot be said; nor can Latin-1 in any other. */
    @Test
    void namesThatCannotBeSaidAreNamed() throws Exception {
        Path photos = fill(folder.resolve("photos"), 12, "a", "b0", "b1", "caf\u00e9");
        String script =
                "cp a/p0.png $'a/gr\\xfc\\xdfe.png'; cp a/p0.png 'a/x\\y.png'; mkdir $'M\\xfcll'; cp a/p0.png $'M\\xfcll/1.png'";
        assertThat(new ProcessBuilder("bash", "-c", script)
                        .directory(photos.toFile())
                        .start()
                        .waitFor())
                .isZero();
        int before = pictures(photos).size();
        try (Studio studio = open(photos)) {
            assertThat(studio.unusable()).containsExactlyInAnyOrder("M\ufffdll", "a/gr\ufffd\ufffde.png", "a/x\\y.png");
            assertThat(studio.snapshot().classes()).containsExactly("a", "b0", "b1", "caf\u00e9");
            studio.rename("a", "c", false);
            studio.undo();
            assertThat(studio.snapshot().photos()).hasSize(48);
            Files.delete(photos.resolve("a").resolve("x\\y.png"));
            assertThat(studio.unusable()).hasSize(3);
            studio.snapshot();
            assertThat(studio.unusable()).hasSize(2);
        }
        assertThat(pictures(photos)).hasSize(before - 1);
        assertThat(hindered(photos, "env", "LC_ALL=C"))
                .startsWith("36 pictures\nM?ll\n")
                .contains("\ncaf??\n");
    }

    /** Names of 255 bytes, to which nothing can be added. */
    @Test
    void namesAsLongAsTheyCanBeAreMergedRemovedAndUndone() throws IOException {
        String name = "\u00fc".repeat(125) + "x.png";
        Path photos = folder.resolve("photos");
        for (String label : List.of("a", "b", "c")) {
            Files.createDirectories(photos.resolve(label));
            Files.write(photos.resolve(label).resolve(name), picture(label.charAt(0)));
        }
        try (Studio studio = open(photos)) {
            List<Path> before = pictures(photos);
            studio.rename("a", "b", true);
            studio.rename("b", "c", true);
            assertThat(ids(studio, "c")).hasSize(3);
            studio.remove(ids(studio, "c"));
            assertThat(studio.snapshot().photos()).isEmpty();
            for (int i = 0; i < 3; i++) {
                studio.undo();
            }
            assertThat(pictures(photos)).isEqualTo(before);
        }
    }

    private static String hindered(Path photos, String... by) throws Exception {
        Process process = StudioFolder.java(List.of(by), Hindered.class, photos.toString())
                .start();
        String said = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertThat(process.waitFor()).isZero();
        return said;
    }

    /** A journal and an upload that do not fit: here into the largest file that the system allows. */
    @Test
    void whatCannotBeWrittenIsNotDone() throws Exception {
        fill(folder, 24, "a");
        Set<String> known = new HashSet<>(contents(folder));
        try (Studio studio = open(folder)) {
            assertThat(studio.snapshot().photos()).hasSize(24);
        }
        long journal = Files.size(folder.resolve(PhotoFolder.OWN).resolve("journal"));
        String said =
                hindered(folder, "bash", "-c", "ulimit -f %d; exec \"$@\"".formatted(journal / 1024 + 2), "limited");
        assertThat(said)
                .contains("large.png: ")
                .contains("The journal: ")
                .contains("Nothing is lost, and nothing was changed.");
        assertThat(contents(folder)).hasSize(24).containsAll(known);
        assertThat(Files.size(folder.resolve(PhotoFolder.OWN).resolve("journal")))
                .isGreaterThan(journal);
        try (Studio studio = open(folder)) {
            int moved = 24 - ids(studio, "a").size();
            assertThat(moved).isBetween(1, 9);
            for (int i = 0; i < moved; i++) {
                studio.undo();
            }
            assertThat(ids(studio, "a")).hasSize(24);
        }
        StudioProblem full = StudioProblem.of(new IOException("No space left on device"), "a.jpg");
        assertThat(full).hasMessage("The disk is full: a.jpg was not written. Free some space.");
    }

    /** A disk that is full, for the files in which ImageIO keeps what it writes. */
    @Test
    void anUploadNeedsNoTemporaryFiles() throws IOException {
        byte[] content = picture(7);
        Path cache = Files.createDirectories(folder.resolve("cache"));
        ImageIO.setCacheDirectory(cache.toFile());
        Files.delete(cache);
        try (Studio studio = open(folder)) {
            studio.upload(content, null, "up.png", null);
            assertThat(ids(studio, null)).hasSize(1);
        } finally {
            ImageIO.setCacheDirectory(null);
        }
    }

    @Test
    void aFolderThatMayNotBeChangedIsNot() throws Exception {
        fill(folder, 12, "a", "b0", "b1");
        Files.setPosixFilePermissions(folder.resolve("b0"), PosixFilePermissions.fromString("r-xr-xr-x"));
        // Permissions do not bind root until it gives up its capabilities.
        String bound = "[ $(id -u) = 0 ] && exec setpriv --bounding-set=-all \"$@\"; exec \"$@\"";
        assertThat(hindered(folder, "bash", "-c", bound, "bound"))
                .contains("a/p0.png cannot be written: change the permissions of its folder.");
        assertThat(contents(folder)).hasSize(37);
        try (Stream<Path> files = Files.list(folder.resolve("b0"))) {
            assertThat(files).hasSize(12);
        }
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("r-xr-xr-x"));
        assertThat(hindered(folder, "bash", "-c", bound, "bound"))
                .contains("change its permissions, or look at it with");
        for (Path one : List.of(folder, folder.resolve("b0"))) {
            Files.setPosixFilePermissions(one, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
    }

    /** Links to a folder of a thousand files, whose contents differ by place for this studio. */
    @Test
    void manyThousandFilesAreOpenedInLittleMemory() throws Exception {
        int links = Integer.getInteger("studio.thousands", 10);
        Path photos = fill(folder.resolve("photos"), 12, "a");
        Path pool = Files.createDirectories(folder.resolve("pool"));
        for (int i = 0; i < 1000; i++) {
            Files.createFile(pool.resolve(i + ".png"));
        }
        for (int i = 0; i < links; i++) {
            Files.createSymbolicLink(photos.resolve("many " + i), pool);
        }
        assertThat(hindered(photos)).isEqualTo(links + "012 pictures\n");
        assertThat(contents(photos.resolve("a"))).hasSize(2);
    }

    /** Opens a folder whose journal is long, undoes and goes back; prints the times of the starts in ms, and those of the processor. */
    static final class LongHistory {
        private LongHistory() {}

        public static void main(String[] arguments) throws IOException {
            Path photos = Path.of(arguments[0]);
            for (int start = 0; start < 2; start++) {
                long begun = System.nanoTime();
                long worked = processorTime();
                try (Studio studio = StudioFolder.open(photos, false, StudioFolder.USER, Hindered::sha256)) {
                    System.out.printf("%d (%d)%n", (System.nanoTime() - begun) / 1_000_000, processorTime() - worked);
                    if (studio.question() != null) {
                        studio.answer(true);
                    }
                }
            }
            try (Studio studio = StudioFolder.open(photos, false, StudioFolder.USER, Hindered::sha256)) {
                List<Version> latest = history(studio);
                List<Version> earlier =
                        studio.history(latest.get(latest.size() - 1).state());
                System.out.println(latest.size() + " " + earlier.get(0).state());
                int all = studio.snapshot().photos().size();
                studio.undo();
                studio.undo();
                System.out.println(
                        studio.done().undo() + ", " + ids(studio, "b").size());
                studio.restore(1);
                System.out.println(ids(studio, "a").size() == all);
            }
        }
    }

    private static long processorTime() {
        return ProcessHandle.current().info().totalCpuDuration().orElseThrow().toMillis();
    }

    /** The system property {@code studio.moves} sets their number. */
    @Test
    void aLongHistoryIsOpenedAndUndoneInLittleMemory() throws Exception {
        int moves = Integer.getInteger("studio.moves", 200_000);
        int pictures = moves / 50;
        Path photos = folder.resolve("photos");
        Path a = Files.createDirectories(photos.resolve("a"));
        Files.createDirectories(photos.resolve("b"));
        Path own = Files.createDirectories(photos.resolve(PhotoFolder.OWN));
        List<String> contents = new ArrayList<>();
        StringJoiner first = new StringJoiner(",", "{\"action\":1,\"makes\":[\"a\",\"b\"],\"moves\":[", "]}");
        String move = "{\"sha256\":\"%s\",\"from\":\"%s\",\"to\":\"%s\"}";
        for (int i = 0; i < pictures; i++) {
            contents.add(Hindered.sha256(Files.createFile(a.resolve(i + ".png"))));
            first.add(move.formatted(contents.get(i), "", "a/%d.png".formatted(i)));
        }
        try (CheckedLines journal = CheckedLines.open(own.resolve("journal"))) {
            journal.add(first.toString(), false);
            for (int i = 0; i < moves; i++) {
                String from = "%s/%d.png".formatted(i / pictures % 2 == 0 ? "a" : "b", i % pictures);
                String to = "%s/%d.png".formatted(i / pictures % 2 == 0 ? "b" : "a", i % pictures);
                String moved = move.formatted(contents.get(i % pictures), from, to);
                journal.add("{\"action\":%d,\"what\":\"Moved 1\",\"moves\":[%s]}".formatted(i + 2, moved), false);
                journal.add("{\"action\":%d}".formatted(i + 2), false);
            }
        }
        ProcessBuilder builder = StudioFolder.java(List.of(), LongHistory.class, photos.toString());
        String memory = "-Xmx%dm".formatted(56 + moves / 5000); // 256 MB for a million moves
        builder.command().replaceAll(word -> word.startsWith("-Xmx") ? memory : word);
        Process process = builder.start();
        List<String> said = new String(process.getInputStream().readAllBytes(), UTF_8)
                .lines()
                .toList();
        assertThat(process.waitFor()).isZero();
        System.out.printf(
                "%d pictures, %d moves, %d MB: %s ms%n",
                pictures, moves, Files.size(own.resolve("journal")) >> 20, said.subList(0, 2));
        assertThat(said.subList(2, 5))
                .containsExactly(Journal.LISTED + " " + (moves + 1 - Journal.LISTED), "Moved 1, 2", "true");
        for (String name : List.of("journal.state", "journal")) { // damage before the end that is read
            Path damaged = own.resolve(name);
            byte[] content = Files.readAllBytes(damaged);
            content[content.length / 2] ^= 1;
            Files.write(damaged, content);
            try (Studio studio = StudioFolder.open(photos, false, StudioFolder.USER, Hindered::sha256)) {
                assertThat(history(studio)).hasSize(Journal.LISTED);
                assertThat(own.resolve("journal.damaged-1").toFile().exists()).isEqualTo(name.equals("journal"));
            }
        }
    }

    @Test
    void aFileThatChangesBetweenTheJournalAndItsMoveStays() throws IOException {
        fill(folder, 2, "a", "b");
        Move move;
        try (Studio studio = open(folder)) {
            move = new Move(studio.snapshot().of("a").get(0).sha256(), "a/p0.png", "b/new.png");
        }
        try (Journal journal = StudioFolder.journal(folder)) {
            journal.add(Entry.of(9, "Moved 1 to b", null, null, List.of(), List.of(move), List.of()));
        }
        Files.write(folder.resolve("a/p0.png"), picture(70));
        try (Studio studio = open(folder)) {
            assertThat(ids(studio, "a")).contains(Sha256.of(picture(70)).substring(0, 20));
            assertThat(ids(studio, "b")).hasSize(2);
        }
    }

    @Test
    void aFileThatIsWrittenWhileItIsMovedIsReadAgain() throws Exception {
        fill(folder, 1, "a");
        try (Studio studio = open(folder)) {
            for (int i = 1; i <= Integer.getInteger("studio.writes", 40); i++) {
                Path file = folder.resolve(studio.snapshot().photos().get(0).path());
                byte[] content = Arrays.copyOf(picture(i), 1000 + i);
                Thread writer = new Thread(() -> write(file, content));
                writer.start();
                move(studio, "b" + i);
                writer.join();
                move(studio, "c" + i);
                move(studio, "c" + i);
                Photo moved = studio.snapshot().photos().get(0);
                assertThat(moved.className()).isEqualTo("c" + i);
                assertThat(moved.sha256()).isEqualTo(Sha256.of(folder.resolve(moved.path())));
            }
        }
    }

    /** Neither the times of folders nor those of files that are known show it. */
    @Test
    void aFileThatAppearsWhilePicturesAreMovedIsNoticed() throws Exception {
        Path photos = folder.resolve("photos");
        Path a = Files.createDirectories(photos.resolve("a"));
        Path b = Files.createDirectories(photos.resolve("b"));
        for (int i = 0; i < 4000; i++) {
            Files.createFile(a.resolve(i + ".png"));
        }
        Thread other = new Thread(() -> {
            while (b.toFile().list().length < 2) {
                Thread.onSpinWait();
            }
            try {
                Files.createFile(b.resolve("new.png"));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        try (Studio studio = StudioFolder.open(photos, false, StudioFolder.USER, Hindered::sha256)) {
            List<String> all = ids(studio, "a");
            other.start();
            studio.move(all, "b", false, null);
            other.join();
            studio.look();
            assertThat(ids(studio, "b")).hasSize(4001);
        }
    }

    private static void write(Path file, byte[] content) {
        try {
            Files.write(file, content, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING);
        } catch (IOException e) {
            // It is moved already.
        }
    }

    private static void move(Studio studio, String to) {
        try {
            studio.move(List.of(studio.snapshot().photos().get(0).id()), to, true, null);
        } catch (StudioProblem e) {
            assertThat(e)
                    .hasMessageMatching(".*changed(, moved or deleted)? elsewhere.*")
                    .hasFieldOrPropertyWithValue("lost", UNCHANGED);
        }
    }

    @Test
    void aNestedLinkAndALinkThatWouldBreakStay() throws IOException {
        fill(folder, 2, "photos/a/deep", "photos/b", "elsewhere");
        Files.write(folder.resolve("near.png"), picture(60));
        Path photos = folder.resolve("photos");
        Files.createSymbolicLink(photos.resolve("a/deep/linked"), folder.resolve("elsewhere"));
        Files.createSymbolicLink(photos.resolve("b/near.png"), Path.of("../../near.png"));
        try (Studio studio = StudioFolder.open(photos, false, StudioFolder.USER, Sha256::of)) {
            String nested = studio.snapshot().photos().stream()
                    .filter(one -> one.path().equals("a/deep/linked/p1.png"))
                    .findFirst()
                    .orElseThrow()
                    .id();
            assertThrown(() -> studio.remove(List.of(nested)), "a/deep/linked is a link");
            assertThrown(() -> studio.rename("a", "b", true), "a/deep/linked is a link");
            assertThrown(() -> studio.move(ids(studio, "b"), null, false, null), "leads nowhere");
            assertThat(studio.snapshot().of("b")).hasSize(1);
            studio.rename("a", "c", true);
            assertThat(ids(studio, "c")).hasSize(4);
        }
        assertThat(contents(folder.resolve("elsewhere"))).hasSize(2);
        assertThat(photos.resolve("b/near.png")).isSymbolicLink();
    }

    @Test
    void classesAndFilesWhoseNamesDifferInCaseAloneAreMergedAndParted() throws IOException {
        fill(folder, 2, "Cat", "cat", "dog");
        Files.write(folder.resolve("dog/P0.PNG"), picture(80));
        List<String> before = contents(folder);
        try (Studio studio = open(folder)) {
            assertThrown(() -> studio.rename("dog", "CAT", true), "already");
            studio.rename("Cat", "cat", true);
            studio.move(ids(studio, "dog"), "cat", false, null);
            assertThat(ids(studio, "cat")).hasSize(7);
            studio.undo();
            studio.undo();
            assertThat(studio.snapshot().classes()).containsExactly("Cat", "cat", "dog");
        }
        assertThat(contents(folder)).isEqualTo(before);
    }

    private static Path strangersJournal(Path photos, String... entries) throws IOException {
        Path own = Files.createDirectories(photos.resolve(PhotoFolder.OWN));
        try (CheckedLines journal = CheckedLines.open(own.resolve("journal"))) {
            for (String entry : entries) {
                journal.add(entry, true);
            }
        }
        return own;
    }

    /** A folder from elsewhere may have any journal, whose last action was not finished. */
    @ParameterizedTest
    @CsvSource({
        "../victim.png, cats/taken.png",
        "cats/0.png, ../planted.png",
        "cats/../../victim.png, cats/taken.png",
        "/tmp/victim.png, cats/taken.png",
        ".coop4j/lock, cats/taken.png",
        "cats/0.png, .coop4j/journal"
    })
    void aStrangersJournalMovesNothingOutOfTheFolderOrIntoIt(String from, String to) throws IOException {
        Path victim = Files.write(folder.resolve("victim.png"), picture(1));
        Path photos = fill(folder.resolve("photos"), 1, "cats");
        strangersJournal(
                photos,
                "{\"action\":1,\"what\":\"Moved\",\"moves\":[{\"sha256\":\"%s\",\"from\":\"%s\",\"to\":\"%s\"}]}"
                        .formatted(Sha256.of(victim), from, to));
        Set<String> before =
                Set.copyOf(Folders.files(folder).stream().map(Path::toString).toList());
        assertThrown(IOException.class, () -> open(photos).close(), "is not the place of a picture", "journal away");
        assertThat(Folders.files(folder).stream().map(Path::toString))
                .containsAll(before)
                .filteredOn(file -> !before.contains(file))
                .allMatch(file -> file.endsWith("lock"));
    }

    /** Another program makes and deletes files of the same names at the same time. */
    @Test
    void noFileOfAnotherProgramIsOverwritten() throws Exception {
        Path photos = fill(folder.resolve("photos"), 300, "a");
        Path target = Files.createDirectories(photos.resolve("b"));
        List<String> names = Folders.files(photos.resolve("a")).stream()
                .map(file -> file.getFileName().toString())
                .toList();
        AtomicInteger at = new AtomicInteger();
        List<Path> overwritten = new ArrayList<>();
        Thread rival = new Thread(() -> {
            while (at.get() < names.size()) {
                Path file = target.resolve(names.get(at.get()));
                try {
                    Files.writeString(file, "mine", StandardOpenOption.CREATE_NEW);
                    if (Files.readString(file, ISO_8859_1).equals("mine")) {
                        Files.delete(file);
                    } else {
                        overwritten.add(file);
                    }
                } catch (IOException e) {
                    Thread.onSpinWait(); // it is taken
                }
            }
        });
        try (Studio studio = open(photos)) {
            rival.start();
            for (; at.get() < names.size(); at.incrementAndGet()) {
                String name = names.get(at.get());
                String id = studio.snapshot().photos().stream()
                        .filter(one -> one.path().equals("a/" + name))
                        .findFirst()
                        .orElseThrow()
                        .id();
                try {
                    studio.move(List.of(id), "b", false, null);
                } catch (StudioProblem e) {
                    assertThat(e).hasMessageContaining(name); // the rival was first
                }
            }
        }
        rival.join();
        assertThat(overwritten).isEmpty();
    }

    /** Files that are not pictures keep the folders of a class, under both of its names. */
    @Test
    void undoIsNeverStuck() throws IOException {
        Path photos = fill(folder.resolve("photos"), 2, "cats");
        Path other = Files.createDirectories(photos.resolve("cats/kittens"));
        Files.write(other.resolve("k.png"), picture(77));
        Files.writeString(photos.resolve("cats/.DS_Store"), "finder");
        Files.writeString(other.resolve("notes.txt"), "three");
        try (Studio studio = open(photos)) {
            List<String> start =
                    studio.snapshot().photos().stream().map(Photo::path).toList();
            int state = history(studio).get(0).state();
            for (int round = 0; round < 3; round++) {
                studio.rename("cats", "felines", true);
                studio.restore(state);
                assertThat(studio.snapshot().photos()).extracting(Photo::path).containsExactlyElementsOf(start);
                studio.undo();
                assertThat(studio.snapshot().photos())
                        .allMatch(one -> one.className().equals("felines"));
                studio.undo();
                assertThat(studio.snapshot().photos()).extracting(Photo::path).containsExactlyElementsOf(start);
            }
            while (studio.done().undo() != null) {
                studio.undo();
            }
            assertThat(studio.snapshot().photos()).extracting(Photo::path).containsExactlyElementsOf(start);
        }
    }

    /** The note that a move is done is lost, and the person has moved the picture back since. */
    @Test
    void afterADamagedTailNothingIsFinished() throws IOException {
        Path photos = fill(folder.resolve("photos"), 1, "cats");
        Files.createDirectories(photos.resolve("dogs"));
        Path file = Folders.files(photos.resolve("cats")).get(0);
        try (Studio studio = open(photos)) {
            studio.move(List.of(Photo.id(Sha256.of(file))), "dogs", false, null);
        }
        Files.move(photos.resolve("dogs").resolve(file.getFileName() + ""), file);
        Path journal = photos.resolve(PhotoFolder.OWN).resolve("journal");
        byte[] content = Files.readAllBytes(journal);
        content[content.length - 2] ^= 1;
        Files.write(journal, content);
        for (int start = 0; start < 2; start++) {
            try (Studio studio = open(photos)) {
                assertThat(ids(studio, "cats")).containsExactly(Photo.id(Sha256.of(file)));
                assertThat(studio.question().why()).contains("damaged");
                assertThat(studio.question().unfinished()).isEqualTo("Moved 1 to dogs");
            }
        }
        try (Studio studio = open(photos)) {
            studio.answer(false);
            assertThat(ids(studio, "cats")).hasSize(1);
        }
        try (Studio studio = open(photos)) {
            assertThat(studio.question()).isNull();
            assertThat(history(studio)).hasSizeGreaterThan(1);
        }
    }

    /** A folder from elsewhere, whose journal has an action that is done and one that is not. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aStrangersHistoryChangesNothingBeforeThePersonAgreed(boolean goesOn) throws IOException {
        Path photos = fill(folder.resolve("photos"), 2, "cats", "dogs");
        String move =
                "{\"action\":%d,\"what\":\"Moved 1\",\"moves\":[{\"sha256\":\"%s\",\"from\":\"%s\",\"to\":\"%s\"}]}";
        String done = Sha256.of(photos.resolve("dogs/p0.png"));
        String open = Sha256.of(photos.resolve("cats/p1.png"));
        strangersJournal(
                photos,
                move.formatted(1, done, "cats/was.png", "dogs/p0.png"),
                "{\"action\":1}",
                move.formatted(2, open, "cats/p1.png", "dogs/taken.png"));
        List<Path> before = pictures(photos);
        for (int start = 0; start < 2; start++) {
            try (Studio studio = open(photos)) {
                assertThat(studio.question().why()).contains("elsewhere");
                assertThat(studio.question().unfinished()).isEqualTo("Moved 1");
                assertThat(studio.done().undo()).isNull();
                String id = ids(studio, "cats").get(0);
                for (Runnable change : List.<Runnable>of(
                        studio::undo,
                        () -> studio.restore(1),
                        () -> studio.keep(id, null),
                        () -> studio.remove(List.of(id)),
                        () -> studio.rename("cats", "felines", false),
                        () -> studio.addClass("birds"),
                        () -> studio.upload(picture(9), null, "up.png", null),
                        () -> studio.move(List.of(id), "dogs", false, null))) {
                    assertThrown(StudioProblem.class, change::run, "your answer about the history");
                }
                assertThat(pictures(photos)).isEqualTo(before);
            }
        }
        StudioFolder.open(photos, true, StudioFolder.USER, Sha256::of).close();
        try (Studio studio = open(photos)) {
            studio.answer(goesOn);
            assertThrown(() -> studio.answer(goesOn), "Nothing was asked");
            assertThat(ids(studio, "dogs")).hasSize(goesOn ? 3 : 2);
            assertThat(history(studio)).hasSize(goesOn ? 3 : 1);
            assertThat(studio.done().undo()).isEqualTo(goesOn ? "Moved 1" : null);
        }
        assertThat(Files.exists(photos.resolve(PhotoFolder.OWN).resolve("journal.forgotten-1")))
                .isEqualTo(!goesOn);
        try (Studio studio = open(photos)) {
            assertThat(studio.question()).isNull();
            if (goesOn) {
                studio.undo();
                assertThat(pictures(photos)).isEqualTo(before);
                studio.undo();
                assertThat(photos.resolve("cats/was.png")).exists();
            }
        }
    }

    private static List<Path> pictures(Path photos) throws IOException {
        return Folders.files(photos).stream()
                .filter(file -> file.toString().endsWith(".png"))
                .toList();
    }

    @Test
    void aHistoryIsThatOfOneUserAtOnePlace() throws IOException {
        Path photos = fill(folder.resolve("photos"), 1, "cats");
        StateFolder other = new StateFolder(folder.resolve("other"));
        open(photos).close();
        try (Studio studio = open(photos)) {
            assertThat(studio.question()).isNull();
        }
        try (Studio studio = StudioFolder.open(photos, false, other, Sha256::of)) {
            assertThat(studio.question().why()).contains("somebody else");
            assertThat(studio.question().unfinished()).isNull();
        }
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve("other"))))
                .isEqualTo("rwx------");
        try (Studio studio = open(Files.move(photos, folder.resolve("elsewhere")))) {
            assertThat(studio.question().why()).contains("elsewhere");
        }
    }

    /** Places that no studio writes, in entries that look right. */
    @ParameterizedTest
    @CsvSource({"'', cats/taken.png", "cats/p0.png, ''", ".git/hooks/run, cats/a.png", "cats/p0.png, .COOP4J/lock"})
    void aStrangersActionIsRefused(String from, String to) throws IOException {
        Path photos = fill(folder.resolve("photos"), 1, "cats");
        for (String content : List.of("", Sha256.of(photos.resolve("cats/p0.png")))) {
            Path journal = strangersJournal(
                            photos,
                            "{\"action\":1,\"what\":\"Moved\",\"moves\":[{\"sha256\":\"%s\",\"from\":\"%s\",\"to\":\"%s\"}]}"
                                    .formatted(content, from, to))
                    .resolve("journal");
            assertThrown(IOException.class, () -> open(photos).close(), "not written by a studio", "journal away");
            Files.delete(journal);
        }
    }

    /** A stranger's journal calls a picture a folder: one that goes if it is empty, or one that is renamed. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"drops\":[\"cats/p0.png\"]",
                "\"moves\":[{\"sha256\":\"\",\"from\":\"cats/p0.png\",\"to\":\"cats/p1.png\"}]"
            })
    void aPictureIsNotDeletedAsAFolder(String entry) throws IOException {
        Path photos = fill(folder.resolve("photos"), 1, "cats");
        strangersJournal(photos, "{\"action\":1,\"what\":\"Moved\",%s}".formatted(entry));
        List<Path> before = pictures(photos);
        try (Studio studio = open(photos)) {
            try {
                studio.answer(true);
            } catch (StudioProblem e) {
                assertThat(e).hasMessageContaining("it was changed elsewhere");
            }
        }
        assertThat(pictures(photos)).isEqualTo(before);
    }

    /** A link to a picture is not its second name: without the picture it would lead nowhere. */
    @Test
    void aPictureIsNotDeletedForALinkToIt() throws IOException {
        Path photos = fill(folder.resolve("photos"), 1, "cats", "dogs");
        Path file = Folders.files(photos.resolve("cats")).get(0);
        strangersJournal(
                photos,
                "{\"action\":1,\"what\":\"Moved\",\"moves\":[{\"sha256\":\"%s\",\"from\":\"cats/%s\",\"to\":\"dogs/link.png\"}]}"
                        .formatted(Sha256.of(file), file.getFileName()));
        Files.createSymbolicLink(photos.resolve("dogs/link.png"), file);
        try (Studio studio = open(photos)) {
            assertThrown(() -> studio.answer(true), "dogs/link.png");
        }
        assertThat(file).isRegularFile();
        assertThat(photos.resolve("dogs/link.png")).isSymbolicLink();
    }

    /** A kill between the new name and the end of the old one leaves both. */
    @Test
    void aMoveThatWasKilledHalfwayIsFinished() throws IOException {
        Path photos = fill(folder.resolve("photos"), 1, "cats", "dogs");
        Path file = Folders.files(photos.resolve("cats")).get(0);
        strangersJournal(
                photos,
                "{\"action\":1,\"what\":\"Moved\",\"moves\":[{\"sha256\":\"%s\",\"from\":\"cats/%s\",\"to\":\"dogs/moved.png\"}]}"
                        .formatted(Sha256.of(file), file.getFileName()));
        Files.createLink(photos.resolve("dogs/moved.png"), file);
        try (Studio studio = open(photos)) {
            studio.answer(true);
            assertThat(ids(studio, "dogs")).hasSize(2);
        }
        assertThat(file).doesNotExist();
        assertThat(photos.resolve("dogs/moved.png")).exists();
    }

    @Test
    void nothingIsFinishedBehindALink() throws IOException {
        Path elsewhere = fill(folder.resolve("elsewhere"), 1, "private");
        Path photos = fill(folder.resolve("photos"), 1, "dogs");
        Files.createSymbolicLink(photos.resolve("cats"), elsewhere.resolve("private"));
        String victim = contents(elsewhere).get(0);
        Path file = Folders.files(elsewhere).get(0);
        strangersJournal(
                photos,
                "{\"action\":1,\"what\":\"Moved\",\"moves\":[{\"sha256\":\"%s\",\"from\":\"cats/%s\",\"to\":\"dogs/taken.png\"}],\"drops\":[\"cats\"]}"
                        .formatted(Sha256.of(file), file.getFileName()));
        try (Studio studio = open(photos)) {
            assertThrown(() -> studio.answer(true), "cats is a link to another folder");
            assertThat(studio.snapshot().photos()).isNotEmpty();
        }
        assertThat(contents(elsewhere)).containsExactly(victim);
        assertThat(photos.resolve("cats")).isSymbolicLink();
        assertThat(photos.resolve("dogs/taken.png")).doesNotExist();
    }

    /** In finishing, undoing and going back, of pictures and of whole folders. */
    @Test
    void noFolderIsMovedThatIsALink() throws IOException {
        Path elsewhere = fill(folder.resolve("elsewhere"), 1, "private");
        Path photos = fill(folder.resolve("photos"), 1, "dogs");
        for (String link : List.of("cats", "felines")) {
            Files.createSymbolicLink(photos.resolve(link), elsewhere.resolve("private"));
        }
        String content = contents(elsewhere).get(0);
        strangersJournal(
                photos,
                "{\"action\":1,\"moves\":[{\"sha256\":\"%s\",\"from\":\"\",\"to\":\"birds/p0.png\"}]}"
                        .formatted(content),
                "{\"action\":2,\"what\":\"Renamed birds to felines\",\"moves\":[{\"sha256\":\"\",\"from\":\"birds\",\"to\":\"felines\"}]}",
                "{\"action\":2}",
                "{\"action\":3,\"what\":\"Renamed cats to mine\",\"moves\":[{\"sha256\":\"\",\"from\":\"cats\",\"to\":\"mine\"}]}");
        List<Path> before = pictures(folder);
        try (Studio studio = open(photos)) {
            assertThrown(StudioProblem.class, () -> studio.answer(true), "cats is a link");
            studio.undo(); // of what was not done
            assertThrown(StudioProblem.class, studio::undo, "felines is a link");
            assertThrown(StudioProblem.class, () -> studio.restore(1), "felines is a link");
        }
        assertThat(pictures(folder)).isEqualTo(before);
        assertThat(photos.resolve("cats")).isSymbolicLink();
        assertThat(photos.resolve("felines")).isSymbolicLink();
    }

    /** Links to files of others, and pipes that no reader or writer ever opens. */
    @ParameterizedTest
    @CsvSource({
        "journal, true",
        "journal, false",
        "journal.state, true",
        "journal.state, false",
        "lock, false",
        "thumbnails, true",
        "removed, true",
        "learned, true"
    })
    void theStudiosOwnFilesAreNeitherLinksNorPipes(String name, boolean link) throws Exception {
        Path photos = fill(folder.resolve("photos"), 1, "cats");
        Path letter = Files.writeString(folder.resolve("letter"), "dear");
        Path own = Files.createDirectories(photos.resolve(PhotoFolder.OWN)).resolve(name);
        if (link) {
            Files.createSymbolicLink(own, letter);
        } else {
            assertThat(new ProcessBuilder("mkfifo", own.toString()).start().waitFor())
                    .isZero();
        }
        assertTimeoutPreemptively(
                Duration.ofSeconds(60),
                () -> assertThrown(
                        CommandFailure.class, () -> open(photos).close(), name + " is a link, or not a file"));
        assertThat(letter).hasContent("dear");
    }

    @Test
    void aLinkInPlaceOfAThumbnailIsNotServed() throws IOException {
        Path photos = fill(folder.resolve("photos"), 1, "cats");
        try (Studio studio = open(photos)) {
            String id = ids(studio, "cats").get(0);
            Path thumbnails =
                    Files.createDirectories(photos.resolve(PhotoFolder.OWN).resolve("thumbnails"));
            Path letter = Files.writeString(folder.resolve("letter"), "dear");
            Files.createSymbolicLink(thumbnails.resolve(id + ".jpg"), letter);
            assertThrown(StudioProblem.class, () -> studio.thumbnail(id), id + ".jpg is a link");
            assertThat(letter).hasContent("dear");
        }
    }
}
