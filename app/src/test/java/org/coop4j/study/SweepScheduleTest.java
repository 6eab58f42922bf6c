package org.coop4j.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.base.Thrown.assertThrown;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.coop4j.base.Resource;
import org.coop4j.base.Settings;
import org.coop4j.base.Sha256;
import org.coop4j.clip.Clip;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.method.Method;
import org.coop4j.run.Recipe;
import org.coop4j.run.RunConfig;
import org.coop4j.study.SweepPlan.PlanException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Lists of runs, for datasets that need not exist. */
class SweepScheduleTest {

    private static final String PAPER = Resource.text(SweepScheduleTest.class, "paper.yaml");

    @TempDir
    private static Path folder;

    private static SweepFixture fixture;
    private static Clip clip;

    @BeforeAll
    static void open() throws IOException {
        fixture = new SweepFixture(folder);
        clip = fixture.open();
    }

    @AfterAll
    static void close() throws IOException {
        clip.close();
    }

    /** Five classes of 20 images for each dataset. */
    private static List<SweepRun> schedule(String yaml) throws IOException {
        SweepPlan plan = fixture.plan(yaml);
        Map<String, SweepDataset> datasets = new HashMap<>();
        Stream.concat(plan.datasets().stream(), plan.targets().stream())
                .forEach(dataset -> datasets.put(
                        dataset.name(),
                        new SweepDataset(
                                dataset,
                                Sha256.of(dataset.name()),
                                List.of("ant", "bee", "cow", "dog", "eel"),
                                Stream.of(ClassHalf.values())
                                        .collect(Collectors.toMap(
                                                half -> half,
                                                half -> new Recipe.Lists(
                                                        100,
                                                        half == ClassHalf.ALL ? 5 : 2,
                                                        "ImageNet"
                                                                .equals(
                                                                        dataset.data()
                                                                                .benchmark())))),
                                false)));
        return new SweepSchedule(clip, plan, datasets).runs();
    }

    @Test
    void thePapersPlanHasItsRuns() throws IOException {
        List<SweepRun> runs = schedule(PAPER);
        int allClasses = 11 * (1 + 6 * 5 * 3);
        int halves = 11 * 2 * (1 + 3);
        int shifted = 4 * (1 + 3 * 3);
        assertThat(runs).hasSize(allClasses + halves + shifted);
        assertThat(runs).extracting(SweepRun::folder).doesNotHaveDuplicates();
        assertThat(runs)
                .filteredOn(run -> run.title().equals("coop-m16-end-new"))
                .hasSize(33)
                .allMatch(run -> run.half() == ClassHalf.NEW && run.isTestedElsewhere());
    }

    /** Its datasets are not even looked for. */
    @Test
    void aPlanOfMillionsOfRunsIsRefusedBeforeItIsExpanded() {
        String seeds =
                IntStream.rangeClosed(1, 2000).mapToObj(Integer::toString).collect(Collectors.joining(", "));
        assertThrown(
                PlanException.class,
                () -> fixture.plan("data: D\ndatasets: [DTD]\nmethods: [coop, kgcoop]\nshots: ["
                        + seeds.replace(", 2000", "") + "]\nseeds: [" + seeds + "]\n"),
                "100,000 runs",
                "2000 seeds",
                "line 4");
    }

    @Test
    void whatARunIsMadeFromComesBeforeIt() throws IOException {
        Set<SweepRun> before = new HashSet<>();
        for (SweepRun run : schedule(PAPER)) {
            assertThat(run.isTestedElsewhere() ? before : Set.of(run)).contains(run.source());
            before.add(run);
        }
    }

    @Test
    void epochsAreTheReferencesUnlessThePlanSaysOthers() throws IOException {
        String plan =
                """
                data: D
                datasets: [ImageNet, DTD]
                methods: [coop-m4-end]
                seeds: 1
                shots: [1, 4, 16]
                """;
        assertThat(epochs(plan, "DescribableTextures")).containsExactly(50, 100, 200);
        assertThat(epochs(plan, "ImageNet")).containsExactly(50, 50, 50);
        String said = plan + "epochs: {4: 9}\n";
        assertThat(epochs(said, "DescribableTextures")).containsExactly(50, 9, 200);
        assertThat(epochs(said, "ImageNet")).containsExactly(50, 9, 50);
    }

    /** 80 images of 5 classes are 5 batches of 16; the model has two blocks. */
    @Test
    void fastSettingsAreTheMethodsUnlessThePlanSaysOthers() throws IOException {
        List<RunConfig> runs = schedule(
                        """
                        data: D
                        datasets: [DTD]
                        methods: [clip-lora, {name: mine, method: clip-lora, vision_start: 0, epochs: 7}, gda]
                        seeds: 1
                        shots: 16
                        fast: true
                        """)
                .stream()
                .map(SweepRun::config)
                .toList();
        assertThat(runs.get(0).training())
                .isEqualTo(
                        Method.of("clip-lora").fast(clip, 80, 5).orElseThrow().training());
        assertThat(runs.get(0).sample().views()).isEqualTo(4);
        assertThat(Settings.of(runs.get(0).method().settings())).containsEntry("vision_start", 1);
        assertThat(Settings.of(runs.get(1).method().settings()))
                .containsEntry("vision_start", 0)
                .containsEntry("text_start", 1);
        assertThat(runs.get(1).training().epochs()).isEqualTo(7);
    }

    private static List<Integer> epochs(String plan, String dataset) throws IOException {
        return schedule(plan).stream()
                .filter(run -> run.dataset().equals(dataset))
                .map(run -> run.config().training().epochs())
                .toList();
    }

    @Test
    void foldersHaveNoCharactersThatMeanSomething() throws IOException {
        Files.createDirectories(folder.resolve("p"));
        SweepRun run = schedule(
                        """
                                datasets: {name: "../my: 東京/x", path: p}
                                methods: {name: "a/b c", templates: ["{}"]}
                                """)
                .get(0);
        assertThat(run.folder().getParent()).isEqualTo(Path.of("runs", "-..-my-東京-x", "a-b-c"));
        assertThat(run.folder().normalize()).isEqualTo(run.folder());
    }
}
