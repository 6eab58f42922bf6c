package org.coop4j;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.coop4j.data.benchmark.Benchmark;
import org.coop4j.data.benchmark.Benchmark.SplitRule;
import org.coop4j.data.benchmark.Benchmarks;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Keeps the tables of docs/data.md equal to what the program knows. */
class DataPageTest {

    static Stream<Benchmark> all() {
        return Benchmarks.published().all().stream();
    }

    @ParameterizedTest
    @MethodSource("all")
    void thePageHasThreeTrueRowsOfEveryDataset(Benchmark benchmark) throws IOException {
        List<String> rows = Files.readAllLines(Path.of("../docs/data.md")).stream()
                .filter(line -> line.startsWith("| " + benchmark.name() + " |"))
                .toList();

        assertThat(rows).hasSizeBetween(3, 4); // some have a rule of their own in a fourth table
        assertThat(rows.get(0)).contains("| `" + benchmark.layout().directory() + "` |");
        assertThat(benchmark.layout().folders())
                .allSatisfy(folder -> assertThat(rows.get(0)).contains("`" + folder + "`"));
        assertThat(rows.get(0)).contains(benchmark.layout().splitFile().orElseGet(() -> benchmark
                .layout()
                .lists()
                .get(0)));
        assertThat(rows.get(1)).isEqualTo(sizes(benchmark));
        assertThat(rows.get(2))
                .contains("<" + benchmark.about().homepage() + ">")
                .endsWith("| " + benchmark.about().terms() + " |");
    }

    private static String sizes(Benchmark benchmark) {
        Benchmark.Sizes published = benchmark.published();
        String val = benchmark.rule() == SplitRule.IMAGENET ? "= test" : count(published.val());
        return "| %s | %s | %s | %s | %s | %s |"
                .formatted(
                        benchmark.name(),
                        count(published.classes()),
                        count(published.train()),
                        val,
                        count(published.test()),
                        benchmark.template())
                .replace("|  |", "| |")
                .replace("|  |", "| |");
    }

    private static String count(int value) {
        return value == 0 ? "" : String.format(Locale.ROOT, "%,d", value);
    }
}
