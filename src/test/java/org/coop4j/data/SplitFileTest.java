package org.coop4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.coop4j.base.Thrown.assertThrown;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.coop4j.base.InputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SplitFileTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"split_zhou_Caltech101.json.gz", "split_zhou_DescribableTextures.json.gz"})
    void writesTheBytesOfThePublishedFile(String resource) throws IOException {
        ImageDataset dataset = GoldenSplits.read(resource, folder);
        Path written = folder.resolve("written.json");
        SplitFile.write(dataset, written, folder.resolve("images"), Optional.empty());

        assertThat(written).hasBinaryContent(GoldenSplits.bytes(resource));
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).hasSize(2);
        }
    }

    @Test
    void loadsWhatItWrote() throws IOException {
        ImageDataset dataset = new ImageDataset(
                "d",
                List.of("café \"x\"", "b"),
                List.of(image("a/1.jpg", 0, "café \"x\""), image("b/1.jpg", 1, "b")),
                List.of(),
                List.of(image("b/ü.jpg", 1, "b")));
        for (LabelledImage image : dataset.train()) {
            touch(image.path());
        }
        touch(dataset.test().get(0).path());
        Path json = folder.resolve("split.json");
        SplitFile.write(dataset, json, folder.resolve("images"), Optional.empty());

        assertThat(DataSpec.of(json)
                        .with()
                        .images(folder.resolve("images"))
                        .title("d")
                        .splitSeed(1)
                        .build()
                        .load(1))
                .isEqualTo(dataset);
    }

    @Test
    void theNoteOfAMadeSplitIsKeptBesideTheLists() throws IOException {
        ImageDataset dataset = new ImageDataset(
                "d", List.of("a"), List.of(image("1.jpg", 0, "a")), List.of(), List.of(image("2.jpg", 0, "a")));
        Path json = folder.resolve("split.json");
        SplitFile split = new SplitFile("d", json, folder.resolve("images"));
        SplitFile.write(dataset, json, folder.resolve("images"), Optional.of("a rule, seed 1"));

        assertThat(split.read()).isEqualTo(new SplitFile.Contents(dataset, Optional.of("a rule, seed 1")));
        SplitFile.write(dataset, json, folder.resolve("images"), Optional.empty());
        assertThat(split.read()).isEqualTo(new SplitFile.Contents(dataset, Optional.empty()));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {"\"a\\u001b[2Jb\" | a?[2Jb", "7 |", "[\"a\"] |", "{\"train\": 1} |"})
    void aHostileNoteIsHarmless(String note, String read) throws IOException {
        Path json = write(
                "{\"made_by\": %s, \"train\": [[\"a.jpg\", 0, \"a\"]], \"val\": [], \"test\": []}".formatted(note));

        assertThat(new SplitFile("d", json, folder).read().madeBy()).isEqualTo(Optional.ofNullable(read));
    }

    @Test
    void missingImagesAreNamed() throws IOException {
        Path json =
                write("{\"train\": [[\"a.jpg\", 0, \"a\"], [\"b.jpg\", 1, \"b\"]], \"val\": []," + " \"test\": []}");

        assertThrown(InputException.class, () -> DataSpec.of(json).load(1), "2 image files of split.json", "a.jpg");
    }

    @ParameterizedTest
    @CsvFileSource(resources = "/org/coop4j/data/broken-splits.txt", delimiter = '|', quoteCharacter = '`')
    void invalidSplitsAreRefusedWithTheReason(String text, String message) throws IOException {
        Path json = write(text);

        assertThrown(InputException.class, () -> new SplitFile("d", json, folder).read(), json.toString(), message);
    }

    @Test
    void overlongStringIsRefused() throws IOException {
        Path json = write("{\"train\": [[\"" + "a".repeat(100_000) + "\", 0, \"a\"]]}");

        assertThrown(InputException.class, () -> new SplitFile("d", json, folder).read(), "whole split file");
    }

    @Test
    void everyTruncationOfASplitIsRefused() throws IOException {
        String whole = "{\"train\": [[\"a.jpg\", 0, \"a\"]], \"val\": [], \"test\": [[\"b.jpg\", 0," + " \"a\"]]}";
        for (int length = 0; length < whole.length(); length++) {
            Path json = write(whole.substring(0, length));
            assertThatThrownBy(() -> new SplitFile("d", json, folder).read())
                    .as("first %d characters", length)
                    .isInstanceOf(InputException.class);
        }
    }

    @Test
    void absentSplitFileIsNamed() {
        assertThrown(IOException.class, () -> new SplitFile("d", folder.resolve("no.json"), folder).read(), "no.json");
    }

    @Test
    void classNamesThatMakeOnePromptAreRefused() throws IOException {
        Path json = write("{\"train\": [[\"a.jpg\", 0, \"Sea_Lake\"], [\"b.jpg\", 1, \"sea lake\"]],"
                + " \"val\": [], \"test\": []}");

        assertThrown(InputException.class, () -> DataSpec.of(json).load(1), "'Sea_Lake'", "'sea lake'");
    }

    @Test
    void imagesOutsideTheRootCannotBeWritten() {
        ImageDataset dataset = new ImageDataset(
                "d",
                List.of("a"),
                List.of(new LabelledImage(Path.of("/elsewhere/a.jpg"), 0, "a")),
                List.of(),
                List.of());

        assertThrown(
                InputException.class,
                () -> SplitFile.write(dataset, folder.resolve("s.json"), folder, Optional.empty()));
        assertThat(folder).isEmptyDirectory();
    }

    private LabelledImage image(String path, int label, String name) {
        return new LabelledImage(folder.resolve("images").resolve(path), label, name);
    }

    private Path write(String text) throws IOException {
        return Files.writeString(folder.resolve("split.json"), text);
    }

    private static void touch(Path file) throws IOException {
        Files.createDirectories(file.getParent());
        Files.createFile(file);
    }
}
