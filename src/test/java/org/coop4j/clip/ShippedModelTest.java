package org.coop4j.clip;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.coop4j.base.Sha256;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ShippedModelTest {

    @TempDir
    private Path folder;

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
