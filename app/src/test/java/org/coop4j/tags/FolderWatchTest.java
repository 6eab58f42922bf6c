package org.coop4j.tags;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pictures that come into a folder, by a clock that the test sets. */
class FolderWatchTest {

    private static final Duration POLL = Duration.ofSeconds(60);

    @TempDir
    private Path folder;

    private final AtomicLong clock = new AtomicLong();
    private final List<String> notes = new ArrayList<>();
    private Path photos;
    private TagFolder tags;
    private FolderWatch watch;

    @BeforeEach
    void open() throws IOException {
        photos = TagFolderTest.library(folder.resolve("photos"));
        tags = TagFolderTest.open(photos, TagFolderTest.options(false, true, null));
        watch = new FolderWatch(tags, POLL, notes::add, clock::get);
    }

    @AfterEach
    void close() throws IOException {
        watch.close();
        tags.close();
    }

    private List<String> dueAfter(double seconds) throws IOException {
        clock.addAndGet((long) (seconds * 1e9));
        return watch.due(100).stream()
                .map(one -> photos.relativize(one).toString())
                .toList();
    }

    @Test
    void picturesAreTakenWhenTheyHaveStoodStill() throws IOException {
        assertThat(dueAfter(0)).hasSize(8);
        Path arriving = Files.createDirectories(photos.resolve("new/deep")).resolve("x.jpg");
        Files.writeString(arriving, "1");
        Files.writeString(photos.resolve("a/y.jpg.part"), "1");
        Files.writeString(photos.resolve("a/.z.jpg"), "1");
        Files.writeString(photos.resolve("a/z.jpg.crdownload"), "1");
        assertThat(dueAfter(61)).isEmpty(); // seen at the look at all, whatever the system tells
        Files.writeString(arriving, "12");
        assertThat(dueAfter(2.1)).isEmpty(); // it grows
        assertThat(dueAfter(1.9)).isEmpty();
        assertThat(dueAfter(0.2)).containsExactly("new/deep/x.jpg");
        assertThat(dueAfter(61)).isEmpty();
        Files.writeString(photos.resolve("a/p1.png.xmp"), "a sidecar");
        assertThat(dueAfter(61)).isEmpty();
        assertThat(dueAfter(2.1)).isEmpty();
        assertThat(notes).isEmpty();
    }

    @Test
    void aPictureThatFailsIsTriedAgainAndNamedInTheEnd() throws IOException {
        assertThat(dueAfter(0)).hasSize(8);
        Path broken = photos.resolve("a/broken.jpg");
        Files.writeString(broken, "half");
        assertThat(dueAfter(61)).isEmpty();
        assertThat(dueAfter(2.1)).hasSize(1);
        for (int seconds : new int[] {2, 4, 8, 16, 32, 60}) {
            assertThat(watch.triesAgain(broken)).isTrue();
            assertThat(dueAfter(seconds - 0.1)).isEmpty();
            assertThat(dueAfter(0.2)).containsExactly("a/broken.jpg");
        }
        assertThat(watch.triesAgain(broken)).isFalse();
        Files.writeString(broken, "whole now");
        assertThat(dueAfter(61)).isEmpty();
        assertThat(dueAfter(2.1)).hasSize(1);
        assertThat(watch.triesAgain(broken)).isTrue();
    }

    @Test
    void aBatchIsTakenAtOnceAndTheRestLater() throws IOException {
        assertThat(watch.due(5)).hasSize(5);
        assertThat(watch.due(5)).hasSize(3);
        assertThat(watch.due(5)).isEmpty();
    }

    /** What the system tells brings the look forward. */
    @Test
    void theSystemsNoticesAreHeard() throws Exception {
        assertThat(dueAfter(0)).hasSize(8);
        Files.writeString(photos.resolve("b/new.jpg"), "1");
        List<String> due = List.of();
        for (int i = 0; due.isEmpty() && i < 500; i++) { // 50 s by the clock: before the look at all
            Thread.sleep(20);
            due = dueAfter(0.1);
        }
        assertThat(due).containsExactly("b/new.jpg");
    }
}
