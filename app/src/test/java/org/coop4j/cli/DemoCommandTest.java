package org.coop4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.cli.CommandRun.coop;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.coop4j.demo.DemoPictures;
import org.coop4j.demo.DemoResult;
import org.coop4j.demo.DemoRun;
import org.coop4j.study.SweepPlan;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The demo's folder; the demo itself is tested by DemoRunTest. */
class DemoCommandTest {

    @TempDir
    private Path folder;

    private Path finished() throws IOException {
        DemoResult result = new DemoResult(
                "coop4j-small",
                "a1",
                1,
                List.of("cat", "dog"),
                List.of("a cat", "a dog"),
                2,
                2,
                2,
                new DemoResult.Scores(List.of(
                        new DemoResult.Score(DemoResult.PHOTOGRAPHS, "a {}", 0, 0, 25),
                        new DemoResult.Score(DemoResult.CAREFUL, "a {}", 0, 0, 26),
                        new DemoResult.Score(DemoResult.CAREFUL_DRAWINGS, "a {}", 0, 0, 30),
                        new DemoResult.Score(DemoResult.PHOTOGRAPHS, "class-specific", 16, 1, 63.5),
                        new DemoResult.Score(DemoResult.DRAWINGS, "unified", 16, 1, 34),
                        new DemoResult.Score(DemoResult.DRAWINGS, "class-specific", 16, 1, 35),
                        new DemoResult.Score(DemoResult.DRAWINGS, "gda", 16, 1, 36),
                        new DemoResult.Score(DemoResult.DRAWINGS, "linear-probe", 16, 1, 37),
                        new DemoResult.Score(DemoResult.PHOTOGRAPHS, "linear-probe", 16, 1, 45))),
                61,
                "float32",
                "a machine");
        Path demo = Files.createDirectory(folder.resolve("demo"));
        new ObjectMapper().writeValue(demo.resolve("demo.json").toFile(), result);
        Files.writeString(demo.resolve("report.html"), "<html></html>");
        return demo;
    }

    @Test
    void aFinishedDemoIsShownAndNotRepeated() throws IOException {
        Path demo = finished();
        CommandRun shown = coop("demo", "-o", demo).ok();
        assertThat(shown.err()).contains(demo.toString(), "--again").hasLineCount(1);
        assertThat(shown.out()).contains("63.5 %", demo.resolve("report.html").toString());
        assertThat(coop("demo", "-o", demo, "--json", "-q").out()).contains("\"seconds\" : 61.0");
        assertThat(demo.toFile().list()).hasSize(2);
    }

    @Test
    void theHelpSaysWhatTheDemoTries() throws IOException {
        DemoPictures pictures = DemoPictures.unpack(folder.resolve("cache"));
        SweepPlan tried = SweepPlan.parse(DemoRun.plan(), pictures.folder());
        assertThat(tried.seeds()).hasSize(3);
        assertThat(tried.shots()).containsExactly(1, 2, 4, 8, 16);
        try (Stream<Path> classes = Files.list(pictures.folder().resolve("photographs/train"))) {
            assertThat(coop("demo", "--help").out().replaceAll("\\s+", " "))
                    .contains("%d classes".formatted(classes.count()))
                    .contains("1 to 16 photographs", "three seeds", "GDA", "linear probe");
        }
    }

    @Test
    void damagedNumbersAreNamed() throws IOException {
        Path demo = finished();
        Files.writeString(demo.resolve("demo.json"), "{");
        assertThat(coop("demo", "-o", demo).failed(1)).contains("demo.json is damaged");
    }
}
