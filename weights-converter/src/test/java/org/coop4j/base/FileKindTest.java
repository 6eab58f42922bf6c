package org.coop4j.base;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FileKindTest {

    @ParameterizedTest
    @CsvSource({
        "%PDF-1.7, PDF",
        "PK\\3\\4, ZIP",
        "version https://git-lfs.github.com/spec/v1, Git LFS",
        "' <!DOCTYPE html>', web page",
        "Dear diary, Dear diary",
    })
    void kindsAreNamedByTheirFirstBytes(String content, String kind) {
        assertThat(FileKind.of(content.translateEscapes().getBytes(ISO_8859_1))).contains(kind);
    }

    @Test
    void unknownBytesAreShown() {
        assertThat(FileKind.of(new byte[] {1, 2, (byte) 0xff})).contains("01 02 ff");
        assertThat(FileKind.of(new byte[0])).isEqualTo("empty");
    }
}
