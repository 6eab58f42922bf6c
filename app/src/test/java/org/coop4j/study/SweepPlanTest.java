package org.coop4j.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.coop4j.base.Thrown.assertThrown;
import static org.coop4j.image.ExifOrientation.APPLY;
import static org.coop4j.image.ExifOrientation.KEEP;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.coop4j.base.Settings;
import org.coop4j.image.ExifOrientation;
import org.coop4j.method.CoOp;
import org.coop4j.method.Method;
import org.coop4j.method.PromptEnsemble.PromptTemplates;
import org.coop4j.method.PromptLayout.ClassPosition;
import org.coop4j.method.Training;
import org.coop4j.method.ZeroShot;
import org.coop4j.run.Recipe;
import org.coop4j.run.Sample;
import org.coop4j.study.SweepPlan.Choice;
import org.coop4j.study.SweepPlan.PlanException;
import org.coop4j.study.SweepPlan.PlannedMethod;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;
import org.junit.jupiter.params.provider.CsvSource;

class SweepPlanTest {

    @TempDir
    private Path folder;

    private SweepPlan read(String yaml) throws IOException {
        return read(yaml, Optional.empty());
    }

    private SweepPlan read(String yaml, Optional<Path> data) throws IOException {
        Path file = folder.resolve("plan.yaml");
        Files.writeString(file, yaml);
        return SweepPlan.read(file, data);
    }

    private static Map<String, Object> settings(SweepPlan plan, int i) {
        return Settings.of(plan.methods().get(i).method().settings());
    }

    private static Recipe recipe(SweepPlan plan, int method, int shots) {
        SweepPlan.PlannedMethod planned = plan.methods().get(method);
        return Recipe.checked(planned.method(), plan.settings(plan.datasets().get(0), planned, shots, 1));
    }

    @Test
    void theSmallestPlanHasTheReferencesShotsAndSeeds() throws IOException {
        SweepPlan plan = read("data: DATA\ndatasets: caltech-101\nmethods: coop-m16-end\n");
        assertThat(plan.datasets().get(0).name()).isEqualTo("Caltech101");
        assertThat(plan.datasets().get(0).data().path())
                .isEqualTo(folder.resolve("DATA").toString());
        assertThat(plan.datasets().get(0).data().splitSeed()).isEqualTo(1);
        assertThat(plan.shots()).containsExactly(1, 2, 4, 8, 16);
        assertThat(plan.seeds()).containsExactly(1, 2, 3);
        assertThat(recipe(plan, 0, 1).training()).isEqualTo(Training.coop(50, 32));
        assertThat(recipe(plan, 0, 1).sample()).isEqualTo(Sample.of(1, 1));
        assertThat(plan.targets()).isEmpty();
        assertThat(plan.halves()).isEqualTo(Choice.NONE);
        SweepPlan elsewhere = read("data: D\ndatasets: dtd\nmethods: zero-shot\n", Optional.of(Path.of("/else")));
        assertThat(elsewhere.datasets().get(0).data().path())
                .isEqualTo(Path.of("/else").toAbsolutePath().toString());
    }

    @Test
    void theExampleIsAPlan() throws IOException {
        SweepPlan plan = read(SweepPlan.example());
        assertThat(plan.datasets()).hasSize(2);
        assertThat(plan.methods().stream().map(PlannedMethod::method))
                .contains(new ZeroShot(), Method.of("linear-probe"), new CoOp(), Method.of("kgcoop"));
        assertThat(plan.halves().shots()).containsExactly("16");
        // The plan in the comments is valid too.
        Files.createDirectories(folder.resolve("pictures"));
        Files.createDirectories(folder.resolve("lists"));
        Files.writeString(folder.resolve("lists/pets.json"), "{}");
        SweepPlan all = read(SweepPlan.example()
                .replaceAll("(?m)^  # ", "  ")
                .replaceAll("(?m)^# (?=(  )?[a-z_]+: )", "")
                .replace("# test_on:", "test_on:"));
        assertThat(all.datasets()).hasSize(5);
        assertThat(all.targets()).hasSize(4);
        assertThat(recipe(all, 5, 1).training().weightDecay()).isEqualTo(5e-4);
    }

    @Test
    void methodsWinOverDatasetsAndDatasetsOverThePlan() throws IOException {
        SweepPlan plan = read(
                """
                        data: D
                        datasets:
                          - {name: dtd, epochs: {1: 7}, batch: 8}
                        methods:
                          - {name: own, context_length: 3, class_specific: true, batch: 4}
                          - {name: coop-m16-end, rate: 1e-3, views: epochs}
                          - {name: prose, words: "this is a", position: front}
                        epochs: 20
                        batch: 16
                        rate: 5e-3
                        """);
        Training own = recipe(plan, 0, 1).training();
        assertThat(own.batch()).isEqualTo(4);
        assertThat(own.rate()).isEqualTo(5e-3);
        assertThat(own.epochs()).isEqualTo(7);
        assertThat(own.momentum()).isEqualTo(0.9);
        assertThat(recipe(plan, 0, 2).training().epochs()).isEqualTo(20);
        assertThat(settings(plan, 0)).containsEntry("context_length", 3).containsEntry("class_specific", true);
        Recipe second = recipe(plan, 1, 2);
        assertThat(second.training().rate()).isEqualTo(1e-3);
        assertThat(second.sample().views()).isEqualTo(20);
        assertThat(settings(plan, 2)).containsEntry("words", "this is a").containsEntry("position", "front");
    }

    @Test
    void whatADatasetSaysOfExifWinsOverThePlan() throws IOException {
        String datasets = "data: D\ndatasets: [dtd, {name: eurosat, exif: apply}]\nmethods: coop\n";
        SweepPlan plan = read(datasets + "exif: keep\ntest_on: [sun397]\n");
        assertThat(exif(plan.datasets())).containsExactly(KEEP, APPLY);
        assertThat(exif(plan.targets())).containsExactly(KEEP);
        assertThat(exif(read(datasets).datasets())).containsExactly(null, APPLY);
    }

    private static List<ExifOrientation> exif(List<SweepPlan.Dataset> datasets) {
        return datasets.stream().map(dataset -> dataset.data().exif()).toList();
    }

    @Test
    void aMethodIsNamedWithSettingsOfItsOwn() throws IOException {
        SweepPlan plan = read(
                """
                        data: D
                        datasets: dtd
                        methods:
                          - {name: ours, method: coop-m4-end, class_specific: true, epochs: 9}
                          - {name: lpclip, method: linear-probe, reference_sample: true}
                          - {name: both, method: zero-shot, templates: ["a {}", "the {}"]}
                          - {name: theirs, templates: ["a {}", "the {}"]}
                          - {name: split, templates: "a {}|b {}"}
                          - {name: coop, context_length: 5}
                        """);
        assertThat(plan.methods().stream().map(PlannedMethod::method))
                .containsExactly(
                        new CoOp(4, ClassPosition.END, true),
                        Method.of("linear-probe").with(Map.of("reference_sample", true)),
                        new ZeroShot(List.of("a {}", "the {}"), true),
                        new ZeroShot(List.of("a {}", "the {}"), false),
                        new ZeroShot(List.of("a {}", "b {}"), false),
                        new CoOp(5, ClassPosition.END, false));
        assertThat(recipe(plan, 0, 1).training().epochs()).isEqualTo(9);
    }

    @Test
    void ownDataHaveTheirPlaceAndName() throws IOException {
        Files.createDirectories(folder.resolve("pictures"));
        SweepPlan plan = read(
                """
                        datasets:
                          - pictures/
                          - name: pets
                            path: pictures
                            template: "a photo of my {}."
                            split_seed: 5
                        methods: [zero-shot, {name: mine, templates: ["a {}", "the {}"]}]
                        """);
        assertThat(plan.datasets().get(0).name()).isEqualTo("pictures");
        assertThat(plan.datasets().get(1).name()).isEqualTo("pets");
        assertThat(plan.datasets().get(1).data().path())
                .isEqualTo(folder.resolve("pictures").toString());
        assertThat(PromptTemplates.own(plan.datasets().get(1).data())).isEqualTo("a photo of my {}.");
        assertThat(plan.datasets().get(1).data().splitSeed()).isEqualTo(5);
    }

    @Test
    void testOnAndBaseToNewTakeEverythingUnlessTheySay() throws IOException {
        String begin =
                """
                data: D
                datasets: [dtd, pets]
                shots: [1, all]
                methods: [zero-shot, linear-probe, coop-m4-end, coop-m16-end-csc]
                """;
        SweepPlan all = read(begin + "test_on: [sun, food]\nbase_to_new: true\n");
        assertThat(all.shots()).containsExactly(1, 0);
        assertThat(all.transfers().datasets()).containsExactlyInAnyOrder("DescribableTextures", "OxfordPets");
        assertThat(all.transfers().methods()).hasSize(4);
        assertThat(all.halves().methods()).containsExactlyInAnyOrder("zero-shot", "coop-m4-end");
        SweepPlan some = read(begin
                + "test_on: {datasets: sun, from: DTD, methods: coop-m4-end, shots:"
                + " all}\n"
                + "base_to_new: {datasets: oxford_pets, shots: 1}\n");
        assertThat(some.transfers().datasets()).containsExactly("DescribableTextures");
        assertThat(some.transfers().shots()).containsExactly("all");
        assertThat(some.halves().datasets()).containsExactly("OxfordPets");
        assertThat(read(begin + "base_to_new: false\n").halves()).isEqualTo(Choice.NONE);
    }

    // Plans that are refused: messages name the line and what is allowed

    /** {@code line 4: shots … -1} is found in {@code line 4: shots: expected 0 or more, got -1}. */
    private static String atSomeKey(String message) {
        String[] parts = message.strip().split(": ?", 2);
        String text = Stream.of(parts[1].split("…"))
                .map(String::strip)
                .map(Pattern::quote)
                .collect(Collectors.joining(".*"));
        return "(?s).*" + parts[0] + "\\b.*" + text + ".*";
    }

    @ParameterizedTest
    @CsvFileSource(resources = "wrong-plans.txt", delimiter = '|', quoteCharacter = '`')
    void whatIsWrongIsSaidWithItsLine(String line, String message) {
        String methods = line.startsWith("methods: ") ? line : "methods: [zero-shot, coop-m4-end]";
        String plan = line.startsWith("datasets: ") ? line + "\n" + methods : "data: D\ndatasets: [dtd]\n" + methods;
        boolean more = !plan.contains(line);
        assertThatThrownBy(() -> read(plan + "\n" + (more ? line + "\n" + (line.equals("---") ? "a: b\n" : "") : "")))
                .isInstanceOf(PlanException.class)
                .hasMessageStartingWith("plan.yaml, ")
                .hasMessageMatching(atSomeKey(message));
    }

    @ParameterizedTest
    @CsvSource({"batch: [4, 5", "'  batch: 4', 4"})
    void whatIsNoYamlIsRefusedWithItsLine(String line, int number) {
        assertThrown(
                PlanException.class,
                () -> read("data: D\ndatasets: dtd\nmethods: coop\n" + line + "\n"),
                "plan.yaml, line ",
                ": not valid YAML: ",
                "line " + number + ", column ");
    }

    @Test
    void whatCannotNameNewClassesIsNoMethodForThem() {
        String begin = "data: D\ndatasets: [dtd]\n";
        assertThatThrownBy(() -> read(begin
                        + "methods: [zero-shot, coop-m4-end-csc]\n"
                        + "base_to_new: {methods: coop-m4-end-csc}\n"))
                .hasMessageMatching(atSomeKey("line 4: methods: … coop-m4-end-csc … zero-shot"));
        assertThatThrownBy(() -> read(begin + "methods: [linear-probe]\nbase_to_new: true\n"))
                .hasMessageMatching(atSomeKey("line 4: base_to_new"));
    }

    @Test
    void filesThatAreNoPlansAreRefused() throws IOException {
        assertThrown(
                PlanException.class,
                () -> SweepPlan.read(folder.resolve("none.yaml"), Optional.empty()),
                folder.resolve("none.yaml").toString(),
                "--example");
        assertThrown(() -> read(""), "--example");
        assertThrown(() -> read("- a\n"), "keys");
        Path binary = folder.resolve("binary.yaml");
        Files.write(binary, new byte[] {(byte) 0xff, (byte) 0xfe, 0, 1});
        assertThrown(() -> SweepPlan.read(binary, Optional.empty()), "UTF-8");
        Path large = folder.resolve("large.yaml");
        Files.write(large, new byte[(1 << 20) + 1]);
        assertThrown(() -> SweepPlan.read(large, Optional.empty()), "1 MB");
        assertThrown(() -> SweepPlan.read(Path.of("/dev/zero"), Optional.empty()), "pipe or device");
        String deep = "[".repeat(5000) + "]".repeat(5000);
        assertThrown(PlanException.class, () -> read("datasets: " + deep));
    }
}
