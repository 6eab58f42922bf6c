package org.coop4j.base;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class Sha256Test {
    @TempDir
    private Path folder;

    @Test
    void hashesAreThoseOfTheStandard() {
        // FIPS 180-4's examples of one block and of two.
        assertThat(Sha256.of("abc")).isEqualTo("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assertThat(Sha256.of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))
                .isEqualTo("248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
        assertThat(new Sha256().hex()).isEqualTo("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }

    @Test
    void theSameBytesGiveTheSameHashHoweverTheyCome() throws IOException {
        byte[] bytes = new byte[(3 << 20) + 17];
        new Random(1).nextBytes(bytes);
        Path file = Files.write(folder.resolve("bytes"), bytes);
        String hash = Sha256.of(bytes);
        assertThat(Sha256.of(file)).isEqualTo(hash);
        long[] read = {0};
        try (OpenFile open = OpenFile.open(file)) {
            assertThat(open.sha256(n -> read[0] += n)).isEqualTo(hash);
        }
        assertThat(read[0]).isEqualTo(bytes.length);
        Sha256 pieces = new Sha256();
        for (int at = 0; at < bytes.length; at += 1000) {
            pieces.add(ByteBuffer.wrap(bytes, at, Math.min(1000, bytes.length - at)));
        }
        assertThat(pieces.hex()).isEqualTo(hash);
        assertThat(pieces.add("abc").hex()).as("begins anew").isEqualTo(Sha256.of("abc"));
    }
}
