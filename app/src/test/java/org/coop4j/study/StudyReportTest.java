package org.coop4j.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.dataformat.csv.CsvMapper;
import com.fasterxml.jackson.dataformat.csv.CsvSchema;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.coop4j.base.Folders;
import org.coop4j.base.Progress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StudyReportTest {

    private static final String HOSTILE = "<img src=x onerror=alert(1)>_&\"'";

    @TempDir
    Path root;

    private int written;

    private void write(RunFiles run) throws IOException {
        run.write(root.resolve("runs/run-" + written++));
    }

    private void seeds(String method, String dataset, int shots, double... accuracies) throws IOException {
        for (int i = 0; i < accuracies.length; i++) {
            write(RunFiles.of(method, dataset, accuracies[i])
                    .learned(shots, i + 1)
                    .model(RunFiles.MODEL, "OpenAI RN50")
                    .perClass("cat", 50, 30)
                    .perClass("dog", 50, 20 + i));
        }
    }

    private void zeroShot(String dataset, double accuracy) throws IOException {
        write(RunFiles.of("zero-shot", dataset, accuracy)
                .model(RunFiles.MODEL, "OpenAI RN50")
                .perClass("cat", 50, 20)
                .perClass("dog", 50, 25));
    }

    private Path out() {
        return root.resolve("out");
    }

    private StudyReport report() throws IOException {
        FoundRuns findings = FoundRuns.below(root.resolve("runs"), Progress.NONE);
        return new StudyReport(findings, Study.of(findings));
    }

    private List<String> writeReport() throws IOException {
        report().write(out());
        return Folders.files(out()).stream()
                .map(file -> out().relativize(file).toString())
                .toList();
    }

    private List<Map<String, String>> csv() throws IOException {
        try (MappingIterator<Map<String, String>> rows = new CsvMapper()
                .readerFor(Map.class)
                .with(CsvSchema.emptySchema().withHeader())
                .readValues(out().resolve("scores.csv").toFile())) {
            return rows.readAll();
        }
    }

    private String text(String name) throws IOException {
        return Files.readString(out().resolve(name));
    }

    @Test
    void everyTableAndFigureIsWritten() throws IOException {
        for (String dataset : List.of("EuroSAT", "DescribableTextures")) {
            zeroShot(dataset, 40);
            for (int shots : new int[] {1, 2, 4}) {
                seeds("coop-m16-end", dataset, shots, 50 + shots, 52 + shots, 54 + shots);
            }
        }
        for (String half : List.of("BASE", "NEW")) {
            write(RunFiles.of("coop-words", "EuroSAT", 60)
                    .learned(16, 1)
                    .half(half)
                    .model(RunFiles.MODEL, "OpenAI RN50"));
        }
        write(RunFiles.of("coop-m16-end", "UCF101", 44)
                .learned(16, 1)
                .trainedOn("EuroSAT")
                .prompt("{}", 40)
                .model(RunFiles.MODEL, "OpenAI RN50"));

        List<String> files = writeReport();

        assertThat(files)
                .containsExactlyInAnyOrder(
                        "report.html",
                        "scores.csv",
                        "figures/1-average-over-2-datasets.svg",
                        "figures/2-dtd.svg",
                        "figures/3-eurosat.svg");
        assertThat(files).allSatisfy(file -> assertThat(out().resolve(file)).isNotEmptyFile());
        assertThat(csv().stream().map(row -> row.get("folder")))
                .hasSize(6 * 23 + 4 * 20 + 1)
                .contains("run-22");
        assertThat(csv())
                .extracting(row -> row.get("subset") + " " + row.get("learned_on") + " " + row.get("dataset"))
                .contains("base EuroSAT EuroSAT", "new EuroSAT EuroSAT", "all EuroSAT UCF101");
    }

    @Test
    void csvHasTheNumbersOfEachCellAndThePublishedOneBesideIt() throws IOException {
        zeroShot("EuroSAT", 40);
        seeds("coop-m16-end", "EuroSAT", 16, 80, 82, 87);

        writeReport();

        assertThat(csv())
                .filteredOn(row -> row.get("method").equals("coop-m16-end")
                        && row.get("seed").equals("2"))
                .extracting(row -> row.get("class"), row -> row.get("measure"), row -> row.get("value"))
                .contains(
                        tuple("", "accuracy", "82.0"),
                        tuple("", "macro_f1", "49.0"),
                        tuple("", "calibration_error", "5.0"),
                        tuple("", "seconds", "2.5"),
                        tuple("dog", "test_images", "50"),
                        tuple("dog", "correct", "21"));
        // √13 and Student's interval as in StudyTest; t = 43 / √(13 / 3) = 20.6564; p = 1 − t / √(t² + 2) = 0.002335.
        assertThat(text("report.html"))
                .contains(">83.00 ± 3.61<", ">+43.00<", ">0.002<", ">74.04 – 91.96<", ">83.53 RN50<");
        // Of 80, 82 and 87 the reference prints 2.94, with divisor n.
        assertThat(text("report.html")).contains("n − 1", "± 3.61").doesNotContain("± 2.9");
    }

    @Test
    void namesFromStrangersStayTextEverywhere() throws IOException {
        write(RunFiles.of("coop " + HOSTILE, HOSTILE, 60)
                .learned(1, 1)
                .perClass(HOSTILE, 50, 30)
                .prompt(HOSTILE, 50)
                .template(HOSTILE)
                .set("words", HOSTILE)
                .model(RunFiles.MODEL, HOSTILE));
        RunFiles.failed(root.resolve("runs/failed"), HOSTILE);
        RunFiles.failed(root.resolve("runs/" + HOSTILE.replace('/', ' ')), "no");

        List<String> files = writeReport();

        String page = text("report.html");
        assertThat(page).doesNotContain("<img").contains("&lt;img src=x onerror=alert(1)&gt;_&amp;");
        assertThat(csv()).extracting(row -> row.get("class")).contains(HOSTILE);
        assertThat(files).allMatch(file -> file.matches("[a-z0-9./-]+"));
    }

    @Test
    void publishedNumbersAreMarkedAndCurvesAreOfTheSameBackboneAlone() throws IOException {
        zeroShot("EuroSAT", 40);
        for (int shots : new int[] {1, 2, 4}) {
            seeds("coop-m16-end", "EuroSAT", shots, 50);
            seeds("linear-probe", "EuroSAT", shots, 50);
            write(RunFiles.of("coop-m16-end", "EuroSAT", 50).learned(shots, 1).model("b2".repeat(32), ""));
        }
        writeReport();

        assertThat(text("report.html")).contains("<td class=\"num published\">50.63 RN50</td>");
        String chart = text("figures/1-rn50-eurosat.svg");
        assertThat(chart).contains("CoOp (M = 16), published").contains("zero-shot CLIP, pub");
        // Of the linear probe one point is published, which is no curve.
        assertThat(chart).doesNotContain("linear probe, published");
        assertThat(text("figures/2-small-eurosat.svg")).doesNotContain("published");
    }

    @Test
    void thePageNamesWhatItHasAndWhatIsMissingAndItsFiltersKnowTheRows() throws IOException {
        zeroShot("EuroSAT", 40);
        seeds("coop-m16-end", "EuroSAT", 1, 50, 51, 52);
        seeds("coop-m16-end", "EuroSAT", 2, 60, 61);
        RunFiles.failed(root.resolve("runs/bad"), "no space left");
        Path broken = RunFiles.of("coop", "DTD", 1).write(root.resolve("runs/broken"));
        Files.writeString(broken.resolve("result.json"), "{");

        writeReport();

        String page = text("report.html");
        assertThat(page)
                .contains("RN50", "a1a1a1a1a1a1", "6 runs", "1 dataset", "1, 2 and 3")
                .contains("no space left", "result.json")
                .containsPattern("seed 3 .*EuroSAT, coop-m16-end, 2 shots")
                .contains("<form class=\"filter\" aria-label=\"Filter\" hidden=\"\">");
        assertThat(values(page, "data-dataset")).containsExactly("EuroSAT");
        assertThat(values(page, "data-method")).contains("zero-shot", "coop-m16-end");
        assertThat(values(page, "data-group")).hasSize(2);
        assertThat(values(page, "data-shots")).containsExactly("1", "2");
    }

    private static List<String> values(String page, String attribute) {
        Matcher matcher = Pattern.compile(attribute + "=\"([^\"]*)\"").matcher(page);
        return matcher.results().map(result -> result.group(1)).distinct().toList();
    }

    @Test
    void baseToNewHasThePublishedNumbersOfTheSameContextAlone() throws IOException {
        for (String half : List.of("BASE", "NEW")) {
            write(RunFiles.of("coop-words", "DTD", 60).learned(16, 1).half(half));
            write(RunFiles.of("coop-m16-end", "DTD", 61).learned(16, 1).half(half));
        }
        writeReport();

        // Published: 79.44 and 41.18, H 54.24.
        assertThat(text("report.html")).contains("79.44 / 41.18, H 54.24 ViT-B/16");
        assertThat(text("report.html").split("H 54.24", -1))
                .as("of the words alone")
                .hasSize(2);
    }

    @Test
    void modelsHaveFilesOfTheirOwnAndOneCsv() throws IOException {
        seeds("coop-m16-end", "EuroSAT", 1, 50, 51);
        write(RunFiles.of("coop-m16-end", "EuroSAT", 80).learned(1, 1).model("b2".repeat(32), "OpenAI ViT-B/16"));

        List<String> files = writeReport();

        assertThat(files).contains("figures/1-rn50-eurosat.svg", "figures/2-vit-b-16-eurosat.svg");
        assertThat(csv())
                .filteredOn(row -> row.get("measure").equals("accuracy"))
                .extracting(row -> row.get("model"), row -> row.get("value"))
                .containsExactly(tuple("RN50", "50.0"), tuple("RN50", "51.0"), tuple("ViT-B/16", "80.0"));
        assertThat(text("report.html")).contains(", RN50</h2>", ", ViT-B/16</h2>");
        assertThat(values(text("report.html"), "data-model")).containsExactly("RN50", "ViT-B/16");
    }

    @Test
    void runsOfOneKindAloneMakeAReportToo() throws IOException {
        write(RunFiles.of("coop-m4-end", "ImageNetR", 57).learned(16, 1).trainedOn("ImageNet"));
        writeReport();
        assertThat(text("report.html")).contains("<h2>Robustness</h2>").doesNotContain("<h2>All numbers</h2>");

        Files.delete(root.resolve("runs/run-0/result.json"));
        write(RunFiles.of("zero-shot", "EuroSAT", 38));

        assertThat(writeReport()).noneMatch(file -> file.startsWith("figures"));
        assertThat(text("report.html")).contains("<h2>All numbers</h2>").doesNotContain("<h2>Robustness</h2>");
    }

    @Test
    void twoDatasetsOfOneSlugHaveTwoFigures() throws IOException {
        seeds("coop", "My Data", 1, 50);
        seeds("coop", "my-data", 1, 60);
        seeds("coop", "average", 1, 70);

        assertThat(writeReport()).contains("figures/2-my-data.svg", "figures/4-my-data.svg");
    }
}
