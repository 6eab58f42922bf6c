package org.coop4j.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.base.Thrown.assertThrown;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that get a name which no other file has. */
class AtomicFileTest {

    @TempDir
    private Path folder;

    /** As on a disk without hard links, where a rename would replace what is there. */
    @Test
    void aRenameReplacesNoFile() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "mine");
        Path other = Files.writeString(folder.resolve("other"), "of another program");
        assertThrown(FileAlreadyExistsException.class, () -> AtomicFile.rename(file, other), "other");
        assertThat(file).hasContent("mine");
        assertThat(other).hasContent("of another program");
        AtomicFile.rename(file, folder.resolve("free"));
        assertThat(folder.resolve("free")).hasContent("mine");
        assertThat(file).doesNotExist();
    }

    @Test
    void aRenameThatFailsLeavesNoEmptyFile() throws IOException {
        assertThrown(
                IOException.class, () -> AtomicFile.rename(folder.resolve("gone"), folder.resolve("name")), "gone");
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void aCopyReplacesNoFileAndIsWhole() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "mine");
        Path other = Files.writeString(folder.resolve("other"), "of another program");
        assertThrown(FileAlreadyExistsException.class, () -> AtomicFile.copy(file, other), "other");
        assertThat(other).hasContent("of another program");
        AtomicFile.copy(file, folder.resolve("copy"));
        assertThat(folder.resolve("copy")).hasContent("mine");
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).hasSize(3);
        }
    }

    /** In a folder of many files, too, the first writer removes what a killed one left. */
    @Test
    void whatAKilledProcessLeftInALargeFolderIsRemoved() throws IOException {
        for (int i = 0; i < 1500; i++) {
            Files.createFile(folder.resolve("other" + i));
        }
        Path left = Files.createFile(folder.resolve(".file.0123456789abcdef-0123456789abcdef.tmp"));
        AtomicFile.write(folder.resolve("file"), "whole");
        assertThat(left).doesNotExist();
        for (int i = 0; i < 3; i++) {
            AtomicFile.write(folder.resolve("file"), "whole " + i);
        }
        assertThat(folder.resolve("file")).hasContent("whole 2");
    }
}
