package org.coop4j.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.assertj.core.data.Offset;
import org.coop4j.study.MethodResult.Setup;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BaseToNewResultsTest {

    private static final Offset<Double> PRINTED = within(0.0051);

    @TempDir
    Path root;

    private int written;

    private void write(RunFiles run) throws IOException {
        run.write(root.resolve("run-" + written++));
    }

    private Study study() throws IOException {
        return RunFiles.studies(root).get(0);
    }

    private BaseToNewResults baseNew() throws IOException {
        return study().baseNew();
    }

    /**
     * The CoCoOp paper's table 1 prints 69.34, 74.22 and 71.70 as the averages of CLIP, and 82.69,
     * 63.22 and 71.66 as those of CoOp; the mean of CoOp's eleven harmonic means would be 70.83.
     */
    @Test
    void averagesOfThePapersNumbersAreThoseThatItPrints() throws IOException {
        for (PublishedNumbers.Table table : PublishedNumbers.shipped().tables()) {
            for (PublishedNumbers.Column column : table.columns()) {
                if (column.half() != null) {
                    for (String dataset : table.rows().keySet()) {
                        int i = table.columns().indexOf(column);
                        RunFiles run = RunFiles.of(
                                        column.method(),
                                        dataset,
                                        table.rows().get(dataset).get(i))
                                .half(column.half().name());
                        write(column.shots() == 0 ? run : run.learned(16, 1));
                    }
                }
            }
        }

        BaseToNewResults results = baseNew();

        assertThat(results.averages().get(0).any().averaged()).hasSize(11);
        BaseToNew clip = results.averages().get(0).means().orElseThrow();
        assertThat(clip.baseAccuracy()).isEqualTo(69.34, PRINTED);
        assertThat(clip.newAccuracy()).isEqualTo(74.22, PRINTED);
        assertThat(clip.harmonicMean()).isEqualTo(71.70, PRINTED);
        BaseToNew coop = results.averages().get(1).means().orElseThrow();
        assertThat(coop.baseAccuracy()).isEqualTo(82.69, PRINTED);
        assertThat(coop.newAccuracy()).isEqualTo(63.22, PRINTED);
        assertThat(coop.harmonicMean()).isEqualTo(71.66, PRINTED);
        double ofRows = results.rows().stream()
                .filter(row ->
                        row.any().setup().equals(results.averages().get(1).any().setup()))
                .mapToDouble(row -> row.means().orElseThrow().harmonicMean())
                .average()
                .orElseThrow();
        assertThat(ofRows).isLessThan(coop.harmonicMean() - 0.5);
    }

    @Test
    void theHarmonicMeanOfADatasetIsThatOfTheMeansOverTheSeeds() throws IOException {
        double[] base = {70, 90};
        double[] unseen = {30, 50};
        for (int i = 0; i < 2; i++) {
            write(RunFiles.of("coop", "DTD", base[i]).learned(16, i + 1).half("BASE"));
            write(RunFiles.of("coop", "DTD", unseen[i]).learned(16, i + 1).half("NEW"));
        }

        BaseToNewResults results = baseNew();

        // 2 · 80 · 40 / 120
        assertThat(results.rows().get(0).means().orElseThrow().harmonicMean()).isEqualTo(53.3333, within(1e-4));
        assertThat(results.averages()).isEmpty();
        assertThat(study().notes()).isEmpty();
    }

    @Test
    void seedsOfOneHalfAloneDoNotCountAndAreSaid() throws IOException {
        write(RunFiles.of("coop", "DTD", 70).learned(16, 1).half("BASE"));
        write(RunFiles.of("coop", "DTD", 90).learned(16, 2).half("BASE"));
        write(RunFiles.of("coop", "DTD", 30).learned(16, 1).half("NEW"));

        BaseToNewResults results = baseNew();

        assertThat(results.rows().get(0).means()).contains(new BaseToNew(70, 30));
        assertThat(study().notes()).last().asString().contains("DTD, coop", "seeds 1 and 2");
    }

    @Test
    void aHalfThatIsMissingLeavesTheOther() throws IOException {
        write(RunFiles.of("coop", "DTD", 70).learned(16, 1).half("BASE").prompt("{} texture.", 50));

        List<BaseToNewResults.Row> rows = baseNew().rows();

        assertThat(rows)
                .extracting(row -> row.any().method().id())
                .containsExactly("zero-shot", "hand-written-best", "coop");
        assertThat(rows).allSatisfy(row -> {
            assertThat(row.base()).isPresent();
            assertThat(row.unseen()).isEmpty();
            assertThat(row.means()).isEmpty();
        });
    }

    @Test
    void transferredContextsStandUnderTheirSource() throws IOException {
        write(RunFiles.of("zero-shot", "ImageNet", 58));
        write(RunFiles.of("zero-shot", "ImageNetV2", 51));
        write(RunFiles.of("zero-shot", "ImageNetR", 56));
        write(RunFiles.of("coop", "ImageNet", 62).learned(16, 1));
        write(RunFiles.of("coop", "ImageNetV2", 55).learned(16, 1).trainedOn("ImageNet"));
        write(RunFiles.of("coop", "ImageNetR", 54).learned(16, 1).trainedOn("ImageNet"));
        write(RunFiles.of("linear-probe", "ImageNetR", 34).learned(16, 1).trainedOn("ImageNet"));

        List<Robustness> tables = RunFiles.studies(root).get(0).robustness();

        assertThat(tables).hasSize(1);
        Robustness table = tables.get(0);
        assertThat(table.source()).isEqualTo("ImageNet");
        assertThat(table.targets()).containsExactly("ImageNetV2", "ImageNetR");
        List<Setup> rows = List.copyOf(table.results().setups());
        assertThat(rows).extracting(row -> row.method().id()).containsExactly("zero-shot", "linear-probe", "coop");
        assertThat(table.average(rows.get(0)).orElseThrow().accuracy()).isEqualTo(53.5);
        assertThat(table.results().get("ImageNet", rows.get(0)).orElseThrow().accuracy())
                .isEqualTo(58);
        assertThat(table.average(rows.get(1))).isEmpty();
        assertThat(table.average(rows.get(2)).orElseThrow().accuracy()).isEqualTo(54.5);
    }

    /** The rows of the paper's table for CLIP: averages 69.34 and 74.22, harmonic mean 71.70. */
    @Test
    void harmonicMeanOfAveragesIsThePapers() {
        List<BaseToNew> clip = List.of(
                new BaseToNew(72.43, 68.14),
                new BaseToNew(96.84, 94.00),
                new BaseToNew(91.17, 97.26),
                new BaseToNew(63.37, 74.89),
                new BaseToNew(72.08, 77.80),
                new BaseToNew(90.10, 91.22),
                new BaseToNew(27.19, 36.29),
                new BaseToNew(69.36, 75.35),
                new BaseToNew(53.24, 59.90),
                new BaseToNew(56.48, 64.05),
                new BaseToNew(70.53, 77.50));

        assertThat(clip.get(0).harmonicMean()).isEqualTo(70.22, within(5e-3));
        BaseToNew average = new BaseToNew(
                clip.stream().mapToDouble(BaseToNew::baseAccuracy).average().orElseThrow(),
                clip.stream().mapToDouble(BaseToNew::newAccuracy).average().orElseThrow());
        assertThat(average.baseAccuracy()).isEqualTo(69.34, within(6e-3));
        assertThat(average.newAccuracy()).isEqualTo(74.22, within(6e-3));
        assertThat(average.harmonicMean()).isEqualTo(71.70, within(6e-3));
        assertThat(new BaseToNew(0, 0).harmonicMean()).isZero();
        assertThatThrownBy(() -> new BaseToNew(101, 0)).hasMessageContaining("101");
    }
}
