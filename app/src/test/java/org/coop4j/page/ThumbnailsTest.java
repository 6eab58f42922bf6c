package org.coop4j.page;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Small pictures that are kept. */
class ThumbnailsTest {

    @TempDir
    private Path folder;

    /** A power failure may leave an empty file, since thumbnails are not forced to the disk. */
    @Test
    void anEmptyFileIsMadeAgain() throws IOException {
        Path file = Files.createFile(folder.resolve("small.jpg"));
        assertThat(Thumbnails.kept(file, true, () -> new byte[] {1, 2})).containsExactly(1, 2);
        assertThat(file).hasBinaryContent(new byte[] {1, 2});
        assertThat(Thumbnails.kept(file, true, () -> new byte[] {3})).containsExactly(1, 2);
    }
}
