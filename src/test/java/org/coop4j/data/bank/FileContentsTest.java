package org.coop4j.data.bank;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import org.coop4j.base.Sha256;
import org.coop4j.data.bank.FileContents.Content;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileContentsTest {

    @TempDir
    Path folder;

    private Content read(Path file) throws IOException {
        return read(file, Duration.ofMinutes(1));
    }

    private Content read(Path file, Duration later) throws IOException {
        FileContents contents = new FileContents(folder.resolve("bank"), Clock.offset(Clock.systemUTC(), later));
        Content content = contents.of(file);
        contents.keep();
        return content;
    }

    @Test
    void aContentIsKeptForLaterProcessesOnceTheFileHasSettled() throws IOException {
        Path file = folder.resolve("picture");
        Path kept = folder.resolve("bank/contents-of-file/sha256.bank");
        Files.writeString(file, "one");
        assertThat(read(file, Duration.ofMinutes(-1))).isEqualTo(new Content(Sha256.of("one"), 1));
        long fresh = Files.size(kept);
        read(file);
        long settled = Files.size(kept);
        assertThat(settled).isGreaterThan(fresh);
        assertThat(read(file)).isEqualTo(new Content(Sha256.of("one"), 1));
        assertThat(kept).hasSize(settled);
    }

    @Test
    void aReplacedFileIsReadAgainThoughItsSizeAndTimeAreTheSame() throws IOException {
        Path file = folder.resolve("picture");
        Files.writeString(file, "one");
        FileTime time = Files.getLastModifiedTime(file);
        read(file);
        Files.writeString(file, "two");
        Files.setLastModifiedTime(file, time);
        assertThat(read(file).sha256()).isEqualTo(Sha256.of("two"));
    }

    @Test
    void aFolderThatCannotBeWrittenOnlyCostsTime() throws IOException {
        Path file = Files.writeString(folder.resolve("picture"), "one");
        Files.writeString(folder.resolve("bank"), "no folder");
        assertThat(read(file).sha256()).isEqualTo(Sha256.of("one"));
    }
}
