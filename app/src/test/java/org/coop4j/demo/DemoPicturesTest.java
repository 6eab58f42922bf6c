package org.coop4j.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoPicturesTest {

    @TempDir
    private Path cache;

    /** Two demos that are started together for the first time. */
    @Test
    void ofTwoThatUnpackAtOnceBothGetThePictures() throws Exception {
        CyclicBarrier start = new CyclicBarrier(2);
        Callable<DemoPictures> unpacking = () -> {
            start.await();
            return DemoPictures.unpack(cache);
        };
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            List<Future<DemoPictures>> both = threads.invokeAll(List.of(unpacking, unpacking));
            DemoPictures pictures = both.get(0).get();
            assertThat(both.get(1).get()).isEqualTo(pictures);
            assertThat(files(cache)).containsExactlyInAnyOrder(pictures.folder(), cache.resolve(".pictures.lock"));
            assertThat(files(pictures.folder().resolve("photographs"))).hasSize(2);
        } finally {
            threads.shutdown();
        }
    }

    @Test
    void whatAKilledProcessLeftGoesAndNothingElse() throws IOException {
        Path left = Files.createDirectories(cache.resolve(".pictures-unfinished/photographs/x"));
        Files.writeString(left.resolve("half.jpg"), "half");
        Path mine = Files.writeString(cache.resolve(".pictures-of-mine"), "mine");
        DemoPictures pictures = DemoPictures.unpack(cache);
        assertThat(files(cache)).containsExactlyInAnyOrder(pictures.folder(), mine, cache.resolve(".pictures.lock"));
        assertThat(pictures.folder().resolve("photographs/x")).doesNotExist();
    }

    private static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.toList();
        }
    }
}
