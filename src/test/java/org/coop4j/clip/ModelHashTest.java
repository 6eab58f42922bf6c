package org.coop4j.clip;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.coop4j.base.Sha256;
import org.coop4j.weights.safetensors.SafetensorsFile;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelHashTest {

    private static final String HEADER =
            "{\"w\":{\"dtype\":\"F32\",\"shape\":[2500000],\"data_offsets\":[0,10000000]}}";

    private static final String OTHER = "0123456789abcdef".repeat(4);

    @TempDir
    private Path folder;

    private Path model;
    private Path notes;

    @BeforeEach
    void aLargeModel() throws IOException {
        model = folder.resolve("model.safetensors");
        notes = folder.resolve("notes");
        byte[] header = HEADER.getBytes(UTF_8);
        try (RandomAccessFile file = new RandomAccessFile(model.toFile(), "rw")) {
            file.writeByte(header.length); // the first of 8 bytes, little-endian
            file.seek(Long.BYTES);
            file.write(header);
            file.setLength(Long.BYTES + header.length + 10_000_000);
        }
    }

    private String hash(Clock clock) throws IOException {
        try (SafetensorsFile file = SafetensorsFile.open(model)) {
            return new ModelHash(file.path(), file, file.state(), notes, clock).get();
        }
    }

    private String hash() throws IOException {
        return hash(Clock.systemUTC());
    }

    /** Stores the hash, as if an hour after the last change, then replaces it by another. */
    private void keepAnother(String other) throws IOException {
        String right = hash(Clock.offset(Clock.systemUTC(), Duration.ofHours(1)));
        assertThat(right).isEqualTo(Sha256.of(model));
        assertThat(note()).content().contains(right);
        Files.writeString(note(), Files.readString(note()).replace(right, other));
    }

    private Path note() {
        return notes.resolve(Sha256.of(model.toAbsolutePath().toString()));
    }

    @Test
    void aKnownHashIsNotComputedAgain() throws IOException {
        keepAnother(OTHER);
        assertThat(hash()).isEqualTo(OTHER);
    }

    @Test
    void aFileThatHasJustChangedIsHashedAndNotKept() throws IOException {
        assertThat(hash()).isEqualTo(Sha256.of(model));
        assertThat(notes).doesNotExist();
    }

    @Test
    void aChangeIsSeenThoughSizeAndTimeOfModificationAreTheSame() throws IOException {
        FileTime modified = Files.getLastModifiedTime(model);
        keepAnother(OTHER);
        try (RandomAccessFile file = new RandomAccessFile(model.toFile(), "rw")) {
            file.seek(file.length() - 1);
            file.writeByte(1);
        }
        Files.setLastModifiedTime(model, modified);
        assertThat(hash()).isEqualTo(Sha256.of(model));
    }

    @Test
    void anotherFileInItsPlaceIsSeen() throws IOException {
        keepAnother(OTHER);
        Path copy = Files.copy(model, folder.resolve("copy"));
        Files.setLastModifiedTime(copy, Files.getLastModifiedTime(model));
        Files.delete(model);
        Files.move(copy, model);
        assertThat(hash()).isEqualTo(Sha256.of(model));
    }

    @Test
    void aDamagedNoteIsIgnored() throws IOException {
        keepAnother("0123456789abcdef");
        assertThat(hash()).isEqualTo(Sha256.of(model));
        Files.write(note(), new byte[] {(byte) 0xff, 0, 10, 10});
        assertThat(hash()).isEqualTo(Sha256.of(model));
    }

    @Test
    void aFolderThatCannotBeCreatedIsIgnored() throws IOException {
        Files.createFile(notes);
        assertThat(hash()).isEqualTo(Sha256.of(model));
    }

    @Test
    void itsHashIsThatOfItsFile() throws IOException {
        assertThat(ShippedModel.sha256()).isEqualTo(Sha256.of(ShippedModel.file(folder)));
    }

    @Test
    void aFileThatWasDamagedIsUnpackedAgain() throws IOException {
        Path file = ShippedModel.file(folder);
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length - 1] ^= 1;
        Files.write(file, bytes);
        assertThat(Sha256.of(ShippedModel.file(folder))).isEqualTo(ShippedModel.sha256());
    }

    @Test
    void equalTextsHaveEqualBitsWhereverTheyStand() throws IOException {
        List<String> animals = List.of("a dog", "a red fox", "a bird of prey", "a cat", "a fish");
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            texts.addAll(animals.subList(i % 2, animals.size()));
        }
        try (Clip clip = Clip.open(ShippedModel.file(folder))) {
            FeatureMatrix features = clip.encodeTexts(texts);
            for (int i = 0; i < texts.size(); i++) {
                assertThat(features.row(i)).isEqualTo(features.row(texts.indexOf(texts.get(i))));
            }
            assertThat(features.row(0)).isNotEqualTo(features.row(1));
        }
    }
}
