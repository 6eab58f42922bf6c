package org.coop4j.data.bank;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.base.Thrown.assertThrown;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.coop4j.base.InputException;
import org.coop4j.base.JavaChild;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.graph.host.Precision;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BankFileTest {

    private static final String WEIGHTS = "0123456789abcdef".repeat(4);
    private static final int WIDTH = 5;
    private static final BankFile.Key KEY = key(WEIGHTS, "test-16", WIDTH);
    private static final int RECORD = 16 + WIDTH * 4 + 4;
    private static final int HEADER = 512;

    @TempDir
    Path folder;

    private static BankFile.Key key(String weights, String transform, int width) {
        return new BankFile.Key(weights, transform, FeatureKind.EMBEDDED, Precision.FLOAT32, width);
    }

    private BankFile open() throws IOException {
        return BankFile.open(folder, KEY);
    }

    private Path file() throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile).findFirst().orElseThrow();
        }
    }

    private static BankFile.ViewKey key(int i) {
        return BankFile.ViewKey.of("hash of image " + i, 0);
    }

    private static float[] features(int i) {
        float[] row = new float[WIDTH];
        for (int j = 0; j < WIDTH; j++) {
            row[j] = i + j / 8f;
        }
        return row;
    }

    @Test
    void aReadThatFailsNamesTheFile() throws IOException {
        open().close();
        Thread.currentThread().interrupt();
        try {
            Path file = KEY.file(folder);
            assertThrown(IOException.class, () -> BankFile.openToRead(file, KEY), "cannot read", file.toString());
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
    }

    private static void append(BankFile bank, int from, int to) throws IOException {
        List<BankFile.ViewKey> keys = new ArrayList<>();
        List<float[]> rows = new ArrayList<>();
        for (int i = from; i < to; i++) {
            keys.add(key(i));
            rows.add(features(i));
        }
        bank.append(keys, rows);
    }

    private static void assertHolds(BankFile bank, int i) throws IOException {
        float[] row = new float[WIDTH + 1];
        bank.rows().copy(bank.record(key(i)), row, 1);
        assertThat(Arrays.copyOfRange(row, 1, row.length)).containsExactly(features(i));
    }

    @Test
    void appendedViewsArePresentAfterReopening() throws IOException {
        try (BankFile bank = open()) {
            append(bank, 0, 3);
            assertHolds(bank, 1);
            append(bank, 3, 4);
            assertHolds(bank, 3);
            assertHolds(bank, 0);
        }
        try (BankFile bank = open()) {
            assertThat(bank.size()).isEqualTo(4);
            for (int i = 0; i < 4; i++) {
                assertHolds(bank, i);
            }
            assertThat(bank.contains(key(4))).isFalse();
        }
    }

    @Test
    void aFileCutInItsLastRecordContinuesFromTheOneBefore() throws IOException {
        try (BankFile bank = open()) {
            append(bank, 0, 3);
        }
        byte[] whole = Files.readAllBytes(file());
        assertThat(whole).hasSize(HEADER + 3 * RECORD);
        for (int cut = HEADER + 2 * RECORD; cut < whole.length; cut++) {
            Files.write(file(), Arrays.copyOf(whole, cut));
            try (BankFile bank = open()) {
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
    void aFileCutInItsHeaderIsRestarted() throws IOException {
        try (BankFile bank = open()) {
            append(bank, 0, 1);
        }
        byte[] whole = Files.readAllBytes(file());
        for (int cut : new int[] {0, 1, 100, HEADER - 1}) {
            Files.write(file(), Arrays.copyOf(whole, cut));
            try (BankFile bank = open()) {
                assertThat(bank.size()).isZero();
                append(bank, 0, 1);
            }
            assertThat(Files.readAllBytes(file())).isEqualTo(whole);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void aFlippedBitLosesOnlyItsRecord(long seed) throws IOException {
        try (BankFile bank = open()) {
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
            try (BankFile bank = open()) {
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
            try (BankFile bank = open()) {
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
            assertThrown(IOException.class, this::open, file().toString(), "bank folder");
        }
    }

    @Test
    void theBankOfOtherWeightsUnderTheSameNameIsRefusedAndKept() throws IOException {
        try (BankFile bank = open()) {
            append(bank, 0, 2);
        }
        byte[] before = Files.readAllBytes(file());
        String changed = WEIGHTS.substring(0, 63) + "0";
        assertThrown(
                IOException.class,
                () -> BankFile.open(folder, key(changed, "test-16", WIDTH)),
                file().toString(),
                "model",
                "bank folder");
        assertThrown(IOException.class, () -> BankFile.open(folder, key(WEIGHTS, "test-16", WIDTH + 1)));
        assertThat(Files.readAllBytes(file())).isEqualTo(before);
    }

    @ParameterizedTest
    @CsvSource({
        "EMBEDDED, BFLOAT16, 5, test-16.bf16.bank",
        "BEFORE_PROJECTION, FLOAT32, 10, test-16.before-projection.bank"
    })
    void otherRowsHaveTheirOwnBank(FeatureKind.Part kind, Precision precision, int width, String name)
            throws IOException {
        BankFile.Key other = new BankFile.Key(WEIGHTS, "test-16", kind, precision, width);
        try (BankFile bank = open();
                BankFile rows = BankFile.open(folder, other)) {
            append(bank, 0, 1);
            assertThat(rows.contains(key(0))).isFalse();
            assertThat(rows.width()).isEqualTo(width);
        }
        assertThat(other.file(folder)).hasFileName(name);
        Files.copy(KEY.file(folder), other.file(folder), StandardCopyOption.REPLACE_EXISTING);
        assertThrown(IOException.class, () -> BankFile.open(folder, other), ".bank", "bank folder");
    }

    @Test
    void tokensAreKeptAsFloat16() throws IOException {
        BankFile.Key tokens = new BankFile.Key(WEIGHTS, "test-16", new FeatureKind.Tokens(6), Precision.FLOAT32, 3);
        float[] row = {-1.5f, 2049, 70_000};
        try (BankFile bank = BankFile.open(folder, tokens)) {
            bank.append(List.of(key(0), key(1)), List.of(new float[3], row));
        }
        try (BankFile bank = BankFile.open(folder, tokens)) {
            float[] read = new float[4];
            bank.rows().copy(bank.record(key(1)), read, 1);
            assertThat(read).containsExactly(0, -1.5f, 2048, Float.POSITIVE_INFINITY);
            assertThat(bank.recordBytes()).isEqualTo(16 + 8 + 4);
        }
        byte[] damaged = Files.readAllBytes(tokens.file(folder));
        damaged[damaged.length - 6] ^= 1;
        Files.write(tokens.file(folder), damaged);
        try (BankFile bank = BankFile.open(folder, tokens)) {
            assertThat(bank.contains(key(0))).isTrue();
            assertThat(bank.contains(key(1))).as("it is encoded anew").isFalse();
        }
    }

    @Test
    void tokensThatTheDiskCannotHoldAreRefusedWithTheViewsThatFit() throws IOException {
        assertThat(FeatureBanks.requireRoom(6_400, 302_616, 2_000_000_000, folder))
                .isEqualTo(1_936_742_400);
        assertThrown(
                InputException.class,
                () -> FeatureBanks.requireRoom(6_400, 302_616, 1_000_000_000, folder),
                "6400 views",
                "room for 3304 views",
                folder.toString());
    }

    @Test
    @SuppressWarnings("try") // one is closed before the other appends
    void twoUsersOfABankBothReadAndAppend() throws IOException {
        try (BankFile first = open();
                BankFile second = open()) {
            append(first, 0, 3);
            append(second, 2, 5);
            assertThat(second.size()).as("what the first one added is seen").isEqualTo(5);
            append(first, 5, 6);
            for (int i = 0; i < 5; i++) {
                assertHolds(first, i);
                assertHolds(second, i);
            }
            assertThat(second.contains(key(5))).isFalse();
            second.close();
            append(first, 6, 7);
        }
        assertThat(file()).as("no view is there twice").hasSize(HEADER + 7 * RECORD);
    }

    @Test
    void rowsAreReadableAfterTheBankIsClosed() throws IOException {
        BankFile.Rows rows;
        try (BankFile bank = open()) {
            append(bank, 0, 2);
            rows = bank.rows();
        }
        float[] row = new float[WIDTH];
        rows.copy(1, row, 0);
        assertThat(row).containsExactly(features(1));
    }

    @Test
    void anIncompleteRecordIsOverwrittenByAnotherProcess() throws IOException {
        try (BankFile bank = open()) {
            append(bank, 0, 1);
            Files.write(file(), new byte[RECORD / 2], StandardOpenOption.APPEND);
            append(bank, 1, 2);
        }
        try (BankFile bank = open()) {
            assertThat(bank.size()).isEqualTo(2);
            assertHolds(bank, 1);
        }
        assertThat(file()).hasSize(HEADER + 2 * RECORD);
    }

    /** Appends some views one by one in a separate process. */
    public static void main(String[] args) throws IOException {
        int from = Integer.parseInt(args[1]);
        int to = Integer.parseInt(args[2]);
        try (BankFile bank = BankFile.open(Path.of(args[0]), KEY)) {
            for (int i = from; i < to; i++) {
                append(bank, i, i + 1);
            }
        }
    }

    private Process appender(int from, int to) throws IOException {
        return JavaChild.of(BankFileTest.class, List.of(), folder, from, to)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    @Test
    void processesAppendConcurrentlyAndReadersSeeOnlyCompleteRecords() throws Exception {
        open().close();
        Process first = appender(0, 600);
        Process second = appender(400, 1000);
        int seen = 0;
        try {
            while (first.isAlive() || second.isAlive()) {
                try (BankFile bank = open()) {
                    assertThat(bank.size()).isGreaterThanOrEqualTo(seen);
                    seen = bank.size();
                    BankFile.Rows rows = bank.rows();
                    float[] row = new float[WIDTH];
                    for (int i = 0; i < 1000; i++) {
                        if (bank.contains(key(i))) {
                            rows.copy(bank.record(key(i)), row, 0);
                            assertThat(row).containsExactly(features(i));
                        }
                    }
                    append(bank, 1000 + seen, 1001 + seen);
                }
            }
        } finally {
            first.destroyForcibly();
            second.destroyForcibly();
        }
        assertThat(first.waitFor()).isZero();
        assertThat(second.waitFor()).isZero();
        try (BankFile bank = open()) {
            for (int i = 0; i < 1000; i++) {
                assertHolds(bank, i);
            }
            assertThat(file()).hasSize(HEADER + (long) bank.size() * RECORD);
        }
    }

    @Test
    void aFolderThatCannotBeCreatedIsNamed() throws IOException {
        Path file = Files.createFile(folder.resolve("a-file"));
        assertThrown(IOException.class, () -> BankFile.open(file, KEY), file.toString(), "bank folder");
    }

    @Test
    void aBankThatCannotBeWrittenIsReadAndStaysAsItIs() throws IOException {
        try (BankFile bank = open()) {
            append(bank, 0, 3);
        }
        Files.write(file(), new byte[RECORD / 2], StandardOpenOption.APPEND);
        byte[] before = Files.readAllBytes(file());
        try (BankFile bank = BankFile.openToRead(file(), KEY)) {
            for (int i = 0; i < 3; i++) {
                assertHolds(bank, i);
            }
            assertThat(bank.contains(key(3))).isFalse();
            assertThrown(IOException.class, () -> append(bank, 3, 4), file().toString(), "bank folder");
        }
        assertThat(Files.readAllBytes(file())).isEqualTo(before);
    }

    /** Root may write to any file, and then has a bank like any other. */
    @Test
    void permissionToReadIsEnoughToOpenABank() throws IOException {
        try (BankFile bank = open()) {
            append(bank, 0, 1);
        }
        assertThat(file().toFile().setReadOnly()).isTrue();
        try (BankFile bank = open()) {
            assertHolds(bank, 0);
        }
    }

    @Test
    void anAbsentViewIsAnError() throws IOException {
        try (BankFile bank = open()) {
            assertThrown(IllegalStateException.class, () -> bank.record(key(0)), key(0).toString(), file().toString());
        }
    }
}
