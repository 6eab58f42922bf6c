package org.coop4j.sweep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.coop4j.method.ClassPosition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SweepPlanTest {

    @TempDir private Path folder;

    private SweepPlan read(String yaml) throws IOException {
        return read(yaml, Optional.empty());
    }

    private SweepPlan read(String yaml, Optional<Path> data) throws IOException {
        Path file = folder.resolve("plan.yaml");
        Files.writeString(file, yaml);
        return SweepPlan.read(file, data);
    }

    private static SweepMethod.Context context(SweepPlan plan, int i) {
        return (SweepMethod.Context) plan.methods().get(i);
    }

    @Test
    void theSmallestPlanHasTheReferencesShotsAndSeeds() throws IOException {
        SweepPlan plan = read("data: DATA\ndatasets: caltech-101\nmethods: coop-m16-end\n");
        assertThat(plan.datasets().get(0).name()).isEqualTo("Caltech101");
        assertThat(plan.datasets().get(0).data().path())
                .isEqualTo(folder.resolve("DATA").toString());
        assertThat(plan.datasets().get(0).data().splitSeed()).isEqualTo(1);
        assertThat(plan.shots()).containsExactly(1, 2, 4, 8, 16);
        assertThat(plan.seeds()).containsExactly(1L, 2L, 3L);
        assertThat(plan.settings()).isEqualTo(Overrides.none());
        assertThat(plan.testOn()).isEmpty();
        assertThat(plan.baseToNew()).isEmpty();
    }

    @Test
    void theExampleIsAPlan() throws IOException {
        SweepPlan plan = read(SweepPlan.example());
        assertThat(plan.datasets()).hasSize(2);
        assertThat(plan.methods().stream().map(SweepMethod::name))
                .containsAll(SweepPlan.methodNames());
        assertThat(plan.baseToNew().orElseThrow().shots()).containsExactly(16);
        // What is shown in comments is a plan too.
        Files.createDirectories(folder.resolve("pictures"));
        Files.createDirectories(folder.resolve("lists"));
        Files.writeString(folder.resolve("lists/pets.json"), "{}");
        SweepPlan all =
                read(
                        SweepPlan.example()
                                .replaceAll("(?m)^  # ", "  ")
                                .replaceAll("(?m)^# (?=(  )?[a-z_]+: )", "")
                                .replace("# test_on:", "test_on:"));
        assertThat(all.datasets()).hasSize(5);
        assertThat(all.testOn().orElseThrow().targets()).hasSize(4);
        assertThat(all.settings().weightDecay()).contains(5e-4);
    }

    @Test
    void namesSayWhatAContextIs() throws IOException {
        SweepPlan plan =
                read(
                        "data: D\ndatasets: dtd\nmethods: [coop-m16-middle-csc, coop-m8-front,"
                                + " coop-words, coop-words-csc]\n");
        assertThat(context(plan, 0).length()).isEqualTo(16);
        assertThat(context(plan, 0).position()).isEqualTo(ClassPosition.MIDDLE);
        assertThat(context(plan, 0).classSpecific()).isTrue();
        assertThat(context(plan, 0).namesNewClasses()).isFalse();
        assertThat(context(plan, 1).length()).isEqualTo(8);
        assertThat(context(plan, 1).position()).isEqualTo(ClassPosition.FRONT);
        assertThat(context(plan, 1).words()).isEmpty();
        assertThat(context(plan, 2).words()).contains("a photo of a");
        assertThat(context(plan, 3).classSpecific()).isTrue();
    }

    @Test
    void everyNameThatIsListedIsAMethod() {
        for (String name : SweepPlan.methodNames()) {
            assertThat(SweepMethod.named(name).orElseThrow().name()).isEqualTo(name);
        }
        assertThat(SweepMethod.named("coop-m0-end")).isEmpty();
        assertThat(SweepMethod.named("coop-m16-end-CSC")).isEmpty();
    }

    @Test
    void ensemblesHaveSevenEightAndEightyTemplates() {
        for (Map.Entry<String, Integer> entry :
                Map.of("zero-shot", 1, "ensemble-7", 7, "ensemble-8", 8, "ensemble-80", 80)
                        .entrySet()) {
            SweepMethod.HandWritten method =
                    (SweepMethod.HandWritten) SweepMethod.named(entry.getKey()).orElseThrow();
            assertThat(method.templates("{} texture.")).hasSize(entry.getValue());
            assertThat(method.templates("{} texture.").contains("{} texture."))
                    .isEqualTo(entry.getValue() % 7 == 1);
        }
    }

    @Test
    void methodsWinOverDatasetsAndDatasetsOverThePlan() throws IOException {
        SweepPlan plan =
                read(
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
        Overrides own =
                context(plan, 0)
                        .settings()
                        .or(plan.datasets().get(0).settings())
                        .or(plan.settings());
        assertThat(own.batch()).contains(4);
        assertThat(own.rate()).contains(5e-3);
        assertThat(own.epochs().orElseThrow().of(1)).contains(7);
        assertThat(own.epochs().orElseThrow().of(2)).contains(20);
        assertThat(context(plan, 1).settings().rate()).contains(1e-3);
        assertThat(context(plan, 1).settings().views().orElseThrow().of(50)).isEqualTo(50);
        assertThat(context(plan, 2).words()).contains("this is a");
        assertThat(context(plan, 2).position()).isEqualTo(ClassPosition.FRONT);
    }

    @Test
    void ownDataHaveTheirPlaceAndName() throws IOException {
        Files.createDirectories(folder.resolve("pictures"));
        SweepPlan plan =
                read(
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
        assertThat(plan.datasets().get(1).data().handWrittenPrompt())
                .isEqualTo("a photo of my {}.");
        assertThat(plan.datasets().get(1).data().splitSeed()).isEqualTo(5);
    }

    @Test
    void theCommandLinesDataFolderWins() throws IOException {
        SweepPlan plan =
                read("data: D\ndatasets: dtd\nmethods: zero-shot\n", Optional.of(Path.of("/else")));
        assertThat(plan.datasets().get(0).data().path())
                .isEqualTo(Path.of("/else").toAbsolutePath().toString());
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
        assertThat(all.testOn().orElseThrow().from())
                .containsExactlyInAnyOrder("DescribableTextures", "OxfordPets");
        assertThat(all.testOn().orElseThrow().methods()).hasSize(4);
        assertThat(all.baseToNew().orElseThrow().methods())
                .containsExactlyInAnyOrder("zero-shot", "coop-m4-end");
        SweepPlan some =
                read(
                        begin
                                + "test_on: {datasets: sun, from: DTD, methods: coop-m4-end, shots:"
                                + " all}\n"
                                + "base_to_new: {datasets: oxford_pets, shots: 1}\n");
        assertThat(some.testOn().orElseThrow().from()).containsExactly("DescribableTextures");
        assertThat(some.testOn().orElseThrow().shots()).containsExactly(0);
        assertThat(some.baseToNew().orElseThrow().datasets()).containsExactly("OxfordPets");
        assertThat(read(begin + "base_to_new: false\n").baseToNew()).isEmpty();
    }

    /** What follows "data: D, datasets: [dtd], methods: [zero-shot, coop-m4-end]" on line 4. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "method: x | line 4: unknown key \"method\": a plan has data, datasets, methods",
                "shots: [1, 1] | line 4: shots lists 1 twice",
                "shots: -1 | line 4: shots is \"-1\": give a whole number, 0 or more",
                "shots: [] | line 4: shots: nothing is listed",
                "shots: | line 4: shots: nothing is listed",
                "seeds: 0 | line 4: seeds is \"0\": give a whole number, 1 or more",
                "seeds: 9999999999 | line 4: seeds is 9999999999: the most is 2147483647",
                "epochs: ten | line 4: epochs is \"ten\": give a whole number, 1 or more",
                "epochs: {one: 2} | line 4: shots of epochs is \"one\"",
                "rate: 0 | line 4: rate is \"0\": give a number above 0",
                "rate: .nan | line 4: rate is \".nan\"",
                "views: many | line 4: views is \"many\": give a whole number, 0 or more, or",
                "base_to_new: yes | line 4: base_to_new is \"yes\": write true or false",
                "base_to_new: {method: x} | line 4: unknown key \"method\": base_to_new has",
                "base_to_new: {methods: coop} | line 4: methods: \"coop\" is not among",
                "base_to_new: {shots: 3} | line 4: shots: \"3\" is not among the plan's own, 1, 2",
                "test_on: {from: dtd} | line 4: the plan has no datasets",
                "test_on: [sun, sun397] | line 4: two datasets are called SUN397",
                "test_on: [nothing] | line 4: \"nothing\" is neither a published dataset",
                "data: E | line 4: \"data\" is there twice",
                "batch: *b | line 4: references such as *b are not used",
                "batch: !!int 4 | line 4: types such as !!int are not used",
                "batch: [4 | line 5: this is no YAML: ",
                "'  batch: 4' | line 4: this is no YAML: ",
                "--- | line 5: a second document begins",
            })
    void whatIsWrongIsSaidWithItsLine(String line, String message) {
        String yaml = "data: D\ndatasets: [dtd]\nmethods: [zero-shot, coop-m4-end]\n" + line + "\n";
        assertThatThrownBy(() -> read(line.equals("---") ? yaml + "a: b\n" : yaml))
                .isInstanceOf(PlanException.class)
                .hasMessageStartingWith("plan.yaml, ")
                .hasMessageContaining(message.strip());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "coop | line 3: no method is called \"coop\"; there are zero-shot, ensemble-7",
                "[zero-shot, zero-shot] | line 3: there are two methods called zero-shot",
                "{context_length: 4} | line 3: this method has no name",
                "{name: x, contxt: 4} | line 3: unknown key \"contxt\": a method has name",
                "{name: x, context_length: 76} | line 3: context_length is 76: the most is 75",
                "{name: x, words: a, context_length: 2} | line 3: words give one vector a token",
                "{name: x, position: left} | line 3: class position \"left\": choose end, middle",
                "{name: x, class_specific: 1} | line 3: class_specific is \"1\": write true or",
                "{name: coop-m16-end, context_length: 4} | line 3: coop-m16-end says by its name",
                "{name: linear-probe, rate: 1} | line 3: linear-probe has no settings",
                "{name: x, templates: [photo]} | line 3: template \"photo\" has no {}",
                "{name: x, templates: ['{}'], rate: 1} | line 3: templates are not trained",
                "{name: zero-shot, templates: ['{}']} | line 3: zero-shot has its own templates",
                "[[zero-shot]] | line 3: a method is written as keys with values",
            })
    void wrongMethodsAreRefused(String methods, String message) {
        assertThatThrownBy(() -> read("data: D\ndatasets: [dtd]\nmethods: " + methods + "\n"))
                .isInstanceOf(PlanException.class)
                .hasMessageContaining(message.strip());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{names: x} | line 1: this dataset has neither name nor path",
                "{name: dtd, names: x} | line 1: \"names\" belongs to a dataset with a path",
                "{name: nothing} | line 1: no dataset is called \"nothing\"; published are"
                        + " ImageNet",
                "{name: dtd, template: photo} | line 1: template \"photo\" has no {}",
                "dtd | line 1: where is DescribableTextures? Say data: DIR in the plan",
                "{path: \"a\\0b\"} | line 1: \"a\0b\" is no path",
            })
    void wrongDatasetsAreRefused(String dataset, String message) {
        assertThatThrownBy(() -> read("datasets: [" + dataset + "]\nmethods: zero-shot\n"))
                .isInstanceOf(PlanException.class)
                .hasMessageContaining(message.strip());
    }

    @Test
    void whatCannotNameNewClassesIsNoMethodForThem() {
        String begin = "data: D\ndatasets: [dtd]\n";
        assertThatThrownBy(
                        () ->
                                read(
                                        begin
                                                + "methods: [zero-shot, coop-m4-end-csc]\n"
                                                + "base_to_new: {methods: coop-m4-end-csc}\n"))
                .hasMessageContaining("line 4: coop-m4-end-csc has nothing for classes");
        assertThatThrownBy(() -> read(begin + "methods: [linear-probe]\nbase_to_new: true\n"))
                .hasMessageContaining("line 4: base_to_new needs a method that can name new");
    }

    @Test
    void filesThatAreNoPlansAreRefused() throws IOException {
        assertThatThrownBy(() -> SweepPlan.read(folder.resolve("none.yaml"), Optional.empty()))
                .isInstanceOf(PlanException.class)
                .hasMessageContaining("no such plan")
                .hasMessageContaining("--example");
        assertThatThrownBy(() -> read("")).hasMessageContaining("the plan is empty");
        assertThatThrownBy(() -> read("- a\n")).hasMessageContaining("a plan is written as keys");
        Path binary = folder.resolve("binary.yaml");
        Files.write(binary, new byte[] {(byte) 0xff, (byte) 0xfe, 0, 1});
        assertThatThrownBy(() -> SweepPlan.read(binary, Optional.empty()))
                .hasMessageContaining("is not UTF-8");
        Path large = folder.resolve("large.yaml");
        Files.write(large, new byte[(1 << 20) + 1]);
        assertThatThrownBy(() -> SweepPlan.read(large, Optional.empty()))
                .hasMessageContaining("more than a megabyte");
        String deep = "[".repeat(5000) + "]".repeat(5000);
        assertThatThrownBy(() -> read("datasets: " + deep)).isInstanceOf(PlanException.class);
    }

    @Test
    void theExampleNeedsNothingOfThisMachine() {
        assertThat(SweepPlan.example().getBytes(StandardCharsets.UTF_8).length).isLessThan(5000);
        assertThat(SweepPlan.example()).doesNotContain("/home", "/tmp", "/work");
    }
}
