package org.coop4j.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.data.benchmark.Benchmark;
import org.coop4j.data.benchmark.Benchmarks;
import org.coop4j.page.Shots;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PublishedNumbersTest {

    private static final PublishedNumbers NUMBERS = PublishedNumbers.shipped();

    private static Optional<PublishedNumbers.Score> find(
            List<String> datasets, MethodLabel method, Shots shots, Optional<String> backbone) {
        return NUMBERS.find("", datasets, ClassHalf.ALL, method.with(shots), backbone);
    }

    private static List<String> elevenDatasets() {
        return Benchmarks.published().all().stream()
                .filter(b -> !b.testsOnly() && !b.name().startsWith("ImageNetV"))
                .map(Benchmark::name)
                .limit(11)
                .toList();
    }

    /** The averages that the CoOp paper prints in its figure and text. */
    @ParameterizedTest
    @CsvSource({
        "zero-shot, 0, 58.77",
        "coop-m16-end, 1, 59.59",
        "coop-m16-end, 2, 62.32",
        "coop-m16-end, 4, 66.77",
        "coop-m16-end, 8, 69.89",
        "coop-m16-end, 16, 73.42",
        "linear-probe, 1, 36.67",
        "linear-probe, 16, 71.10"
    })
    void columnsAverageToWhatThePaperPrints(String method, int shots, double average) {
        assertThat(find(elevenDatasets(), MethodLabel.of(method), new Shots(shots), Optional.empty())
                        .orElseThrow()
                        .accuracy())
                .isEqualTo(average, within(0.0051));
    }

    @Test
    void theBackboneAtHandIsPreferredAndAnotherOneSaid() {
        MethodLabel coop = MethodLabel.of("coop-m16-end");
        Shots shots = new Shots(16);

        var own =
                find(List.of("imagenet"), coop, shots, Optional.of("ViT-B/16")).orElseThrow();
        var other = find(List.of("dtd"), coop, shots, Optional.of("ViT-B/16")).orElseThrow();

        assertThat(own.accuracy()).isEqualTo(71.92);
        assertThat(own.backbone()).isEqualTo("ViT-B/16");
        assertThat(other.accuracy()).isEqualTo(63.58);
        assertThat(other.backbone()).isEqualTo("RN50");
        // An average is of one backbone.
        assertThat(find(List.of("imagenet", "dtd"), coop, shots, Optional.of("ViT-B/16"))
                        .orElseThrow()
                        .accuracy())
                .isEqualTo((62.95 + 63.58) / 2, within(1e-9));
    }

    @Test
    void whatIsNotPublishedIsNotMadeUp() {
        Shots shots = new Shots(16);
        assertThat(find(List.of("mine"), MethodLabel.of("zero-shot"), Shots.NONE, Optional.empty()))
                .isEmpty();
        assertThat(find(List.of("DTD"), MethodLabel.of("linear-probe"), new Shots(4), Optional.empty()))
                .isEmpty();
        assertThat(find(List.of("DTD", "mine"), MethodLabel.of("coop-m16-end"), shots, Optional.empty()))
                .isEmpty();
    }

    @Test
    void everyNumberIsOfADatasetThatTheBenchmarkHas() {
        int numbers = 0;
        for (PublishedNumbers.Table table : NUMBERS.tables()) {
            assertThat(table.source()).contains("Zhou");
            for (Map.Entry<String, List<Double>> row : table.rows().entrySet()) {
                assertThat(Benchmarks.published().find(row.getKey())).isPresent();
                assertThat(row.getValue()).hasSameSizeAs(table.columns()).allSatisfy(accuracy -> assertThat(accuracy)
                        .isBetween(1.0, 100.0));
                numbers += row.getValue().size();
            }
        }
        assertThat(numbers).isGreaterThan(100);
    }
}
