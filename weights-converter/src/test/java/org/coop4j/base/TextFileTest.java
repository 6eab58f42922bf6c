package org.coop4j.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextFileTest {

    @TempDir
    private Path folder;

    @Test
    void linesEndInAnyWayAndAByteOrderMarkIsNoPartOfTheFirst() throws IOException {
        Path file = Files.writeString(folder.resolve("names.txt"), "\ufeffcat\r\ndög\rbird\n");
        assertThat(TextFile.lines(file)).containsExactly("cat", "dög", "bird");
    }

    @Test
    void whatIsNotTextIsRefused() throws IOException {
        Path file = Files.write(folder.resolve("names.txt"), new byte[] {'c', (byte) 0xe4, 't'});
        assertThatThrownBy(() -> TextFile.lines(file)).hasMessageContainingAll(file.toString(), "UTF-8");
    }

    @Test
    void aFileThatIsTooLargeIsRefused() throws IOException {
        Path file = folder.resolve("names.txt");
        try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.setLength(1L << 40);
        }
        assertThatThrownBy(() -> TextFile.lines(file))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(file.toString())
                .hasMessageContaining("64 MB");
    }
}
