package org.coop4j.studio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.studio.StudioFolder.contents;
import static org.coop4j.studio.StudioFolder.fill;
import static org.coop4j.studio.StudioFolder.ids;
import static org.coop4j.studio.StudioFolder.open;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.coop4j.base.Sha256;
import org.coop4j.studio.Journal.Entry;
import org.coop4j.studio.Journal.Move;
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
            try (Studio studio = Studio.open(Path.of(arguments[0]), false, StudioFolder.USER, Sha256::of)) {
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

    @Test
    void noPictureIsLostWhenAProcessIsKilled() throws Exception {
        fill(folder, 30, "", "a", "b", "c");
        List<String> known = new ArrayList<>(contents(folder));
        Random random = new Random(3);
        for (int kill = 0; kill < Integer.getInteger("studio.kills", 3); kill++) {
            Path out = folder.resolve("out.txt");
            Process busy = StudioFolder.java(List.of(), Busy.class, folder.toString(), String.valueOf(kill))
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
            try (Studio studio = open(folder)) {
                assertThat(contents(folder)).as("kill " + kill).containsAll(known);
                assertThat(studio.snapshot().photos()).isNotEmpty();
            }
        }
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
