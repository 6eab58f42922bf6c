package org.coop4j.clip;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.coop4j.weights.Sha256;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ShippedModelTest {

    @TempDir private Path folder;

    @Test
    void itsHashIsThatOfItsFile() throws IOException {
        assertThat(ShippedModel.sha256()).isEqualTo(Sha256.of(ShippedModel.file(folder)));
    }
}
