package org.coop4j.studio;

import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.studio.StudioFolder.contents;
import static org.coop4j.studio.StudioFolder.fill;
import static org.coop4j.studio.StudioFolder.ids;
import static org.coop4j.studio.StudioFolder.open;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.coop4j.base.CheckedLines;
import org.coop4j.base.Folders;
import org.coop4j.base.Sha256;
import org.coop4j.studio.Journal.Entry;
import org.coop4j.studio.Journal.Move;
import org.coop4j.studio.Snapshot.Photo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Processes that are killed in the middle of changes. The system property {@code studio.kills} sets their number. */
class StudioKillTest {

    @TempDir
    private Path folder;

    /** Changes a folder without end, and prints the content of each accepted upload. */
    static final class Busy {
        private Busy() {}

        public static void main(String[] arguments) throws IOException {
            Random random = new Random(Long.parseLong(arguments[1]));
            try (Studio studio = StudioFolder.open(Path.of(arguments[0]), false, StudioFolder.USER, Sha256::of)) {
                System.out.println("open");
                while (true) {
                    StudioFolder.anything(studio, random);
                    byte[] picture = StudioFolder.picture(random.nextInt(100_000));
                    studio.upload(picture, null, "up.png", null);
                    System.out.println(Sha256.of(picture));
                }
            }
        }
    }

    /** Classes have folders and files in them that are none of the studio's. */
    @Test
    void noPictureIsLostWhenAProcessIsKilledAndEveryUndoIsExact() throws Exception {
        Path photos = fill(folder.resolve("photos"), 30, "", "a", "b", "c", "a/deep", "b/deep/deeper");
        List<String> foreign =
                List.of("a/.DS_Store", "a/deep/.DS_Store", "b/notes.txt", "b/deep/notes.txt", "c/Thumbs.db");
        for (String name : foreign) {
            Files.writeString(photos.resolve(name), name);
        }
        List<String> known = new ArrayList<>(contents(photos));
        Random random = new Random(3);
        int kills = Integer.getInteger("studio.kills", 3);
        for (int kill = 0; kill < kills; kill++) {
            Path out = folder.resolve("out.txt");
            Process busy = StudioFolder.java(List.of(), Busy.class, photos.toString(), String.valueOf(kill))
                    .redirectOutput(out.toFile())
                    .start();
            while (busy.isAlive() && Files.size(out) == 0) {
                Thread.sleep(5);
            }
            Thread.sleep(random.nextInt(400));
            assertThat(busy.isAlive()).isTrue();
            busy.destroyForcibly();
            busy.waitFor();
            Files.readAllLines(out).stream().filter(line -> line.length() == 64).forEach(known::add);
            try (Studio studio = open(photos)) {
                assertThat(contents(photos)).as("kill " + kill).containsAll(known);
                assertThat(studio.snapshot().photos()).isNotEmpty();
            }
        }
        int undone = undoAll(photos);
        assertThat(contents(photos)).containsAll(known);
        assertThat(Folders.files(photos).stream()
                        .filter(file -> !file.toString().matches(".*(png|/\\.coop4j/.*)"))
                        .map(StudioKillTest::text))
                .containsExactlyInAnyOrderElementsOf(foreign);
        System.out.printf("%d kills, %d actions undone%n", kills, undone);
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Undoes all actions, each of which must lead to the places that the journal had before it. */
    static int undoAll(Path photos) throws IOException {
        Map<Integer, Map<String, String>> before = new LinkedHashMap<>(); // by action that is not undone
        Places then = new Places();
        try (CheckedLines journal =
                CheckedLines.open(photos.resolve(PhotoFolder.OWN).resolve("journal"))) {
            journal.read((line, at) -> {
                Entry entry = Journal.entry(line);
                if (entry.undoes() != null) {
                    before.remove(entry.undoes());
                } else if (entry.what() != null) {
                    before.put(entry.action(), then.seen());
                }
                then.apply(entry);
                return true;
            });
        }
        List<Integer> actions = new ArrayList<>(before.keySet());
        Collections.reverse(actions);
        try (Studio studio = open(photos)) {
            for (int action : actions) {
                String what = studio.done().undo();
                studio.undo();
                Map<String, String> now =
                        studio.snapshot().photos().stream().collect(toMap(Photo::path, Photo::sha256));
                assertThat(now).as("after the undo of %d, \"%s\"", action, what).isEqualTo(before.get(action));
            }
            assertThat(studio.done().undo()).isNull();
        }
        return actions.size();
    }

    /** Whatever part of an action was done, the next studio completes it. */
    @Test
    void anActionThatWasInterruptedIsFinished() throws IOException {
        fill(folder, 3, "a", "b");
        List<Move> moves = new ArrayList<>();
        try (Studio studio = open(folder)) {
            studio.snapshot().of("a").forEach(one -> moves.add(new Move(one.sha256(), one.path(), "c/" + one.file())));
        }
        try (Journal journal = StudioFolder.journal(folder)) {
            journal.add(Entry.of(9, "Moved 3 to c", null, null, List.of("c"), moves, List.of()));
        }
        Files.createDirectories(folder.resolve("c"));
        Files.move(folder.resolve("a/p1.png"), folder.resolve("c/p1.png"));
        try (Studio studio = open(folder)) {
            assertThat(ids(studio, "c")).hasSize(3);
            studio.undo();
            assertThat(ids(studio, "a")).hasSize(3);
            assertThat(studio.snapshot().classes()).containsExactly("a", "b");
        }
    }
}
