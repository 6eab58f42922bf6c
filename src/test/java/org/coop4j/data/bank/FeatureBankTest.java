package org.coop4j.data.bank;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FeatureBankTest {

    private static final String WEIGHTS = "0123456789abcdef".repeat(4);
    private static final int WIDTH = 5;
    private static final int RECORD = 16 + WIDTH * 4 + 4;
    private static final int HEADER = 512;

    @TempDir Path folder;

    private FeatureBank open() throws IOException {
        return FeatureBank.open(folder, WEIGHTS, "test-16", WIDTH);
    }

    private Path file() throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile).findFirst().orElseThrow();
        }
    }

    private static ViewKey key(int i) {
        return ViewKey.of("hash of image " + i, 0);
    }

    private static float[] features(int i) {
        float[] row = new float[WIDTH];
        for (int j = 0; j < WIDTH; j++) {
            row[j] = i + j / 8f;
        }
        return row;
    }

    private static void append(FeatureBank bank, int from, int to) throws IOException {
        List<ViewKey> keys = new ArrayList<>();
        float[] rows = new float[(to - from) * WIDTH];
        for (int i = from; i < to; i++) {
            keys.add(key(i));
            System.arraycopy(features(i), 0, rows, (i - from) * WIDTH, WIDTH);
        }
        bank.append(keys, rows);
    }

    private static void assertHolds(FeatureBank bank, int i) throws IOException {
        float[] row = new float[WIDTH + 1];
        bank.copy(key(i), row, 1);
        assertThat(Arrays.copyOfRange(row, 1, row.length)).containsExactly(features(i));
    }

    @Test
    void whatWasAddedIsThereAfterOpeningAgain() throws IOException {
        try (FeatureBank bank = open()) {
            append(bank, 0, 3);
            assertHolds(bank, 1);
            append(bank, 3, 4);
            assertHolds(bank, 3);
            assertHolds(bank, 0);
        }
        try (FeatureBank bank = open()) {
            assertThat(bank.size()).isEqualTo(4);
            for (int i = 0; i < 4; i++) {
                assertHolds(bank, i);
            }
            assertThat(bank.contains(key(4))).isFalse();
        }
    }

    @Test
    void aFileCutAtAnyByteOfItsLastRecordGoesOnFromTheOneBefore() throws IOException {
        try (FeatureBank bank = open()) {
            append(bank, 0, 3);
        }
        byte[] whole = Files.readAllBytes(file());
        assertThat(whole).hasSize(HEADER + 3 * RECORD);
        for (int cut = HEADER + 2 * RECORD; cut < whole.length; cut++) {
            Files.write(file(), Arrays.copyOf(whole, cut));
            try (FeatureBank bank = open()) {
                assertThat(bank.size()).isEqualTo(2);
                assertThat(bank.contains(key(2))).isFalse();
                append(bank, 2, 3);
                assertHolds(bank, 0);
                assertHolds(bank, 2);
            }
            assertThat(Files.readAllBytes(file())).isEqualTo(whole);
        }
    }

    @Test
    void aFileCutInItsHeaderBeginsAnew() throws IOException {
        try (FeatureBank bank = open()) {
            append(bank, 0, 1);
        }
        byte[] whole = Files.readAllBytes(file());
        for (int cut : new int[] {0, 1, 100, HEADER - 1}) {
            Files.write(file(), Arrays.copyOf(whole, cut));
            try (FeatureBank bank = open()) {
                assertThat(bank.size()).isZero();
                append(bank, 0, 1);
            }
            assertThat(Files.readAllBytes(file())).isEqualTo(whole);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void aFlippedBitLosesItsRecordAlone(long seed) throws IOException {
        try (FeatureBank bank = open()) {
            append(bank, 0, 8);
        }
        byte[] whole = Files.readAllBytes(file());
        Random random = new Random(seed);
        for (int n = 0; n < 40; n++) {
            int bit = 8 * HEADER + random.nextInt(8 * 8 * RECORD);
            byte[] damaged = whole.clone();
            damaged[bit / 8] ^= (byte) (1 << (bit % 8));
            Files.write(file(), damaged);
            int hit = (bit / 8 - HEADER) / RECORD;
            try (FeatureBank bank = open()) {
                assertThat(bank.size()).isEqualTo(7);
                for (int i = 0; i < 8; i++) {
                    assertThat(bank.contains(key(i))).isEqualTo(i != hit);
                    if (i != hit) {
                        assertHolds(bank, i);
                    }
                }
                append(bank, hit, hit + 1);
                assertHolds(bank, hit);
            }
            try (FeatureBank bank = open()) {
                assertThat(bank.size()).isEqualTo(8);
                assertHolds(bank, hit);
            }
        }
    }

    @Test
    void aFlippedBitOfTheHeaderIsRefused() throws IOException {
        open().close();
        byte[] whole = Files.readAllBytes(file());
        for (int at : new int[] {0, 30, 100, HEADER - 1}) {
            byte[] damaged = whole.clone();
            damaged[at] ^= 1;
            Files.write(file(), damaged);
            assertThatThrownBy(this::open)
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("not the feature bank of this model and transform");
        }
    }

    @Test
    void theBankOfOtherWeightsUnderTheSameNameIsRefusedAndKept() throws IOException {
        try (FeatureBank bank = open()) {
            append(bank, 0, 2);
        }
        byte[] before = Files.readAllBytes(file());
        String changed = WEIGHTS.substring(0, 63) + "0";
        assertThatThrownBy(() -> FeatureBank.open(folder, changed, "test-16", WIDTH))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("the model file may have changed since it was built")
                .hasMessageContaining("delete it or give another --bank folder");
        assertThatThrownBy(() -> FeatureBank.open(folder, WEIGHTS, "test-16", WIDTH + 1))
                .isInstanceOf(IOException.class);
        assertThat(Files.readAllBytes(file())).isEqualTo(before);
    }

    @Test
    void banksOfOtherModelsAndTransformsStandBeside() throws IOException {
        String other = "f".repeat(64);
        try (FeatureBank a = open();
                FeatureBank b = FeatureBank.open(folder, other, "test-16", WIDTH);
                FeatureBank c = FeatureBank.open(folder, WEIGHTS, "train-16-seed1", WIDTH)) {
            append(a, 0, 1);
            assertThat(b.contains(key(0))).isFalse();
            assertThat(c.contains(key(0))).isFalse();
        }
    }

    @Test
    void aBankInUseIsRefusedUntilItIsClosed() throws IOException {
        FeatureBank first = open();
        assertThatThrownBy(this::open)
                .isInstanceOf(IOException.class)
                .hasMessageContaining("in use by another run")
                .hasMessageContaining("--bank");
        append(first, 0, 1);
        first.close();
        first.close();
        open().close();
    }

    @Test
    void aFolderThatCannotBeMadeIsNamed() throws IOException {
        Path file = Files.createFile(folder.resolve("a-file"));
        assertThatThrownBy(() -> FeatureBank.open(file, WEIGHTS, "test-16", WIDTH))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("cannot open the feature bank " + file)
                .hasMessageContaining("give --bank a folder that you may write to");
    }

    @Test
    void aViewThatIsNotThereIsAnError() throws IOException {
        try (FeatureBank bank = open()) {
            assertThatThrownBy(() -> bank.copy(key(0), new float[WIDTH], 0))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("is not in the bank");
        }
    }
}
