package org.coop4j.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.coop4j.study.MethodResult.AVERAGE;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.assertj.core.data.Offset;
import org.coop4j.study.MethodResult.Setup;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HalvesAndTransfersTest {

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

    private void halves(String method, String dataset, long seed, double base, double unseen) throws IOException {
        write(RunFiles.of(method, dataset, base).learned(16, seed).half("BASE"));
        write(RunFiles.of(method, dataset, unseen).learned(16, seed).half("NEW"));
    }

    /**
     * The CoCoOp paper's table 1 prints 69.34, 74.22 and 71.70 as the averages of CLIP, and 82.69, 63.22 and 71.66 as
     * those of CoOp; the mean of CoOp's eleven harmonic means would be 70.83.
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

        List<MethodResult> base = study().base().on(AVERAGE);
        List<MethodResult> unseen = study().unseen().on(AVERAGE);

        assertThat(base.get(0).averaged()).hasSize(11);
        double[][] printed = {{69.34, 74.22, 71.70}, {82.69, 63.22, 71.66}};
        for (int i = 0; i < printed.length; i++) {
            assertThat(base.get(i).accuracy()).isEqualTo(printed[i][0], PRINTED);
            assertThat(unseen.get(i).accuracy()).isEqualTo(printed[i][1], PRINTED);
            assertThat(MethodResult.harmonicMean(
                            base.get(i).accuracy(), unseen.get(i).accuracy()))
                    .isEqualTo(printed[i][2], PRINTED);
        }
        assertThat(MethodResult.harmonicMean(0, 0)).isZero();
    }

    @Test
    void oneDatasetHasBothHalvesAndNoAverage() throws IOException {
        halves("coop", "DTD", 1, 70, 30);
        halves("coop", "DTD", 2, 90, 50);

        Study study = study();

        assertThat(study.base().all()).extracting(MethodResult::accuracy).containsExactly(80.0);
        assertThat(study.unseen().all()).extracting(MethodResult::accuracy).containsExactly(40.0);
        assertThat(study.notes()).isEmpty();
    }

    @Test
    void seedsOfOneHalfAloneDoNotCountAndAreSaid() throws IOException {
        halves("coop", "DTD", 1, 70, 30);
        write(RunFiles.of("coop", "DTD", 90).learned(16, 2).half("BASE"));

        Study study = study();

        assertThat(study.base().all()).extracting(MethodResult::accuracy).containsExactly(70.0);
        assertThat(study.unseen().all()).extracting(MethodResult::accuracy).containsExactly(30.0);
        assertThat(study.notes()).last().asString().contains("DTD, coop", "seeds 1 and 2");
    }

    @Test
    void aHalfThatIsMissingLeavesTheOther() throws IOException {
        write(RunFiles.of("coop", "DTD", 70).learned(16, 1).half("BASE").prompt("{} texture.", 50));

        assertThat(study().base().cells())
                .extracting(result -> result.method().id())
                .containsExactly("zero-shot", "hand-written-best", "coop");
        assertThat(study().unseen().all()).isEmpty();
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

        Study study = study();

        assertThat(study.transfers()).containsOnlyKeys("ImageNet");
        MethodResults results = study.transfers().get("ImageNet");
        assertThat(results.datasets()).containsExactly("ImageNet", "ImageNetV2", "ImageNetR");
        List<Setup> rows = List.copyOf(results.setups());
        assertThat(rows).extracting(row -> row.method().id()).containsExactly("zero-shot", "linear-probe", "coop");
        assertThat(accuracies(results, rows.get(0))).containsExactly(58.0, 51.0, 56.0);
        assertThat(accuracies(results, rows.get(1))).containsExactly(34.0);
        assertThat(accuracies(results, rows.get(2))).containsExactly(62.0, 55.0, 54.0);
    }

    private static List<Double> accuracies(MethodResults results, Setup setup) {
        return results.get(results.datasets(), setup).stream()
                .map(MethodResult::accuracy)
                .toList();
    }
}
