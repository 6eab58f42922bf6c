package org.coop4j.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.base.Thrown.assertThrown;

import java.util.List;
import org.coop4j.base.Sha256;
import org.junit.jupiter.api.Test;

class QrCodeTest {

    /** The hash is that of a code which ZXing 3.5.3 read, as it read codes of 1 and of 106 bytes. */
    @Test
    void aCodeIsThatWhichAnotherProgramRead() {
        List<String> rows = QrCode.rows("http://192.168.178.20:43210/?token=0123456789abcdef0123456789abcdef");
        assertThat(rows).hasSize(37).allMatch(row -> row.matches("[01]{37}"));
        assertThat(Sha256.of(String.join("", rows)))
                .isEqualTo("6a8701fe29143238be04c3897228202010bd3e50ea3f6c48896eb0a97d438a3a");
        assertThrown(() -> QrCode.rows("x".repeat(107)), "at most 106 bytes, got 107");
    }
}
