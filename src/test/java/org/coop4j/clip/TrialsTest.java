package org.coop4j.clip;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TrialsTest {

    private static final List<String> CPUINFO =
            List.of(
                    "processor\t: 0",
                    "vendor_id\t: AuthenticAMD",
                    "cpu family\t: 26",
                    "model\t\t: 2",
                    "stepping\t: 1",
                    "cpu MHz\t\t: 2596.120",
                    "cache size\t: 1024 KB",
                    "flags\t\t: fpu avx2",
                    "",
                    "processor\t: 1");

    @TempDir private Path folder;

    private static int never() {
        throw new AssertionError("it was tried again");
    }

    private Trials trials() {
        return new Trials(Optional.of(folder.resolve("trials")));
    }

    @Test
    void whatWasFoundOutIsNotTriedAgain() {
        assertThat(trials().get("way", 3, () -> 2)).isEqualTo(2);
        assertThat(trials().get("way", 3, TrialsTest::never)).isEqualTo(2);
        assertThat(trials().get("batch-1", 2, () -> 0)).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"3\n", "", "1", "11\n", "-1\n", "x\n", "1\n1\n"})
    void aFindingThatCannotBeIsTriedAgain(String damaged) throws IOException {
        trials().get("way", 3, () -> 2);
        Files.writeString(folder.resolve("trials/way"), damaged);
        assertThat(trials().get("way", 3, () -> 1)).isEqualTo(1);
        assertThat(trials().get("way", 3, TrialsTest::never)).isEqualTo(1);
    }

    @Test
    void nothingIsKeptWithoutAFolderOrWhereItCannotBeMade() throws IOException {
        Files.createFile(folder.resolve("trials"));
        for (Trials trials : List.of(new Trials(Optional.empty()), trials())) {
            assertThat(trials.get("way", 3, () -> 1)).isEqualTo(1);
            assertThat(trials.get("way", 3, () -> 2)).isEqualTo(2);
        }
    }

    @Test
    void aProcessorIsKnownByWhatDoesNotChangeInIt() throws IOException {
        Path file = folder.resolve("cpuinfo");
        Files.write(file, CPUINFO);
        Optional<String> processor = Trials.processor(file);
        assertThat(processor).isPresent();
        Files.write(file, CPUINFO.stream().map(l -> l.replace("2596.120", "3100.5")).toList());
        assertThat(Trials.processor(file)).isEqualTo(processor);
        for (String line : List.of("26", "avx2", "1024 KB")) {
            Files.write(file, CPUINFO.stream().map(l -> l.replace(line, "7")).toList());
            assertThat(Trials.processor(file)).isPresent().isNotEqualTo(processor);
        }
        Files.write(file, CPUINFO.subList(0, 5));
        assertThat(Trials.processor(file)).isEmpty();
        assertThat(Trials.processor(folder.resolve("none"))).isEmpty();
    }
}
