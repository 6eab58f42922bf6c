package org.coop4j.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.coop4j.base.Thrown.assertThrown;
import static org.coop4j.study.SweepFixture.CLASSES;
import static org.coop4j.study.SweepFixture.outcome;
import static org.coop4j.study.SweepFixture.result;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.coop4j.base.CacheFolder;
import org.coop4j.base.CheckedJson;
import org.coop4j.base.Progress;
import org.coop4j.base.Sha256;
import org.coop4j.clip.Clip;
import org.coop4j.data.bank.TestPictures;
import org.coop4j.run.Images;
import org.coop4j.run.Provenance;
import org.coop4j.run.Run;
import org.coop4j.run.RunConfig;
import org.coop4j.run.RunFolder;
import org.coop4j.run.RunResult;
import org.coop4j.study.Sweep.Cluster;
import org.coop4j.study.SweepFixture.Recorder;
import org.coop4j.study.SweepPlan.PlanException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whole sweeps: folders, resuming, failures. */
class SweepTest {

    private static final String SETTINGS = "epochs: 3\nbatch: 4\nrate: 0.05\ncheckpoint_every: 1\n";

    private static final String PLAN = "datasets: [data]\n"
            + "methods: [zero-shot, linear-probe, coop-m4-end, coop-m2-middle-csc]\n"
            + "shots: [1, 2]\n"
            + "seeds: [1, 2]\n"
            + SETTINGS;

    @TempDir
    private static Path folder;

    private static SweepFixture fixture;
    private static Path whole;
    private static Recorder recorder;
    private static List<SweepRun.RunState> outcome;

    @BeforeAll
    static void run() throws IOException {
        fixture = new SweepFixture(folder);
        fixture.pictures("data", 3, CLASSES);
        whole = folder.resolve("whole");
        recorder = new Recorder();
        outcome = fixture.run(whole, PLAN, recorder);
    }

    @Test
    void aRunIsAFolderWithWhatItWasAndWhatItMeasured() throws IOException {
        assertThat(outcome).hasSize(1 + 3 * 2 * 2);
        assertThat(SweepFixture.failures(outcome)).isEmpty();
        assertThat(recorder.started).hasSize(13).doesNotHaveDuplicates().isEqualTo(recorder.finished);
        assertThat(recorder.done).isPositive().isLessThanOrEqualTo(recorder.total);
        for (SweepRun.RunState ended : outcome) {
            SweepRun run = ended.run();
            Path place = whole.resolve(run.folder());
            RunConfig config = Run.open(place).config();
            assertThat(config.isSameRun(run.config())).isTrue();
            assertThat(config.imagesSha256()).hasSize(64);
            assertThat(run.folder().toString().replace('\\', '/'))
                    .isEqualTo("runs/data/%s/shots%d-seed%d-%s"
                            .formatted(
                                    run.label(),
                                    run.shots(),
                                    run.seed(),
                                    Sha256.of(config.identity()).substring(0, 8)));
            RunResult result = Run.open(place).result().orElseThrow();
            assertThat(result).isEqualTo(ended.result().orElseThrow());
            assertThat(result.trainImages()).isEqualTo(run.shots() * 4);
            assertThat(result.testImages()).isEqualTo(12);
            assertThat(result.handWritten()).hasSizeGreaterThan(3);
            assertThat(result.calibrationError()).isBetween(0.0, 1.0);
            int correct = result.perClass().stream()
                    .mapToInt(RunResult.PerClass::correct)
                    .sum();
            assertThat(100.0 * correct / 12).isCloseTo(result.accuracy(), within(1e-9));
            Provenance provenance = Run.open(place).provenance().orElseThrow();
            assertThat(provenance.modelSha256()).isEqualTo(config.modelSha256());
            assertThat(place.resolve(RunFolder.FAILURE)).doesNotExist();
        }
        assertThat(result(outcome, "zero-shot", 0, 0).accuracy())
                .isEqualTo(result(outcome, "linear-probe", 1, 1)
                        .handWritten()
                        .get(0)
                        .accuracy());
    }

    /** Stops a sweep like a kill: nothing catches it. */
    private static final class Killed extends Error {
        private static final long serialVersionUID = 1L;
    }

    @Test
    void aSweepKilledAgainAndAgainGivesTheSameBitsAndRepeatsNoRun() throws IOException {
        Path out = folder.resolve("killed");
        List<SweepRun> finished = new ArrayList<>();
        int kills = 0;
        boolean alive = false;
        while (!alive) {
            int most = 15 + 5 * kills; // more each time, so that it comes to an end
            Recorder killer = new Recorder() {
                private int reports;

                @Override
                public void progress(double done, double total, String what) {
                    if (++reports > most) {
                        throw new Killed();
                    }
                }
            };
            try {
                fixture.run(out, PLAN, killer);
                alive = true;
            } catch (Killed e) {
                kills++;
            }
            finished.addAll(killer.finished);
            assertThat(kills).isLessThan(50);
        }
        assertThat(kills).isGreaterThan(3);
        assertThat(finished).hasSize(13).doesNotHaveDuplicates();
        assertThat(outcome(out)).isEqualTo(outcome(whole));
    }

    @Test
    void aClusterMakesTheSameRuns() throws IOException {
        Path out = folder.resolve("cluster");
        Recorder leader = new Recorder();
        try (Clip clip = fixture.open();
                Clip other = fixture.open()) {
            Images worker = fixture.shared(other, out);
            Cluster cluster = (site, own, runs, made) -> {
                for (SweepRun run : runs) {
                    String config = run.config().toJson().toString();
                    made.accept(
                            run,
                            Sweep.make(worker, out, run.label(), config, Progress.NONE)
                                    .orElse(null));
                }
            };
            List<SweepRun.RunState> ended =
                    Sweep.of(fixture.shared(clip, out), fixture.plan(PLAN)).run(out, leader, cluster, null);
            assertThat(SweepFixture.failures(ended)).isEmpty();
        }
        assertThat(leader.finished).hasSize(13).doesNotHaveDuplicates();
        assertThat(leader.done).isPositive().isLessThanOrEqualTo(leader.total);
        assertThat(outcome(out)).isEqualTo(outcome(whole));
    }

    @Test
    void aChangedPlanComputesWhatIsNew() throws IOException {
        Path out = folder.resolve("changed");
        String small = "datasets: [data]\nmethods: [zero-shot, coop-m4-end]\nshots: 1\nseeds: 1\n" + SETTINGS;
        fixture.run(out, small, SweepFixture.SILENT);
        Recorder more = new Recorder();
        fixture.run(out, small.replace("seeds: 1", "seeds: [1, 2]"), more);
        assertThat(more.found).isEqualTo(2);
        assertThat(more.started).hasSize(1);
        Recorder other = new Recorder();
        fixture.run(out, small.replace("epochs: 3", "epochs: 2"), other);
        assertThat(other.found).isEqualTo(1);
        assertThat(other.started).extracting(SweepRun::title).containsExactly("coop-m4-end");
        Recorder rarely = new Recorder();
        fixture.run(out, small.replace("every: 1", "every: 2"), rarely);
        assertThat(rarely.started).isEmpty();
    }

    @Test
    void picturesReplacedByOthersOfTheSameNamesMakeTheirRunsAgain() throws IOException {
        fixture.pictures("replaced", 2, CLASSES);
        fixture.pictures("kept", 2, CLASSES);
        String plan = "datasets: [replaced, kept]\nmethods: [zero-shot, linear-probe]\nshots: 1\nseeds: 1\n";
        Path out = folder.resolve("replaced-sweep");
        List<SweepRun.RunState> before = fixture.run(out, plan, SweepFixture.SILENT);
        for (String split : List.of("train", "val", "test")) {
            for (int i = 0; i < 2; i++) {
                Path lawn = folder.resolve("replaced").resolve(split).resolve("lawn");
                TestPictures.write(lawn.resolve("picture-" + i + ".png"), 0, 300 + i);
            }
        }
        Recorder again = new Recorder();
        List<SweepRun.RunState> after = fixture.run(out, plan, again);
        assertThat(again.started).extracting(SweepRun::dataset).containsExactly("replaced", "replaced");
        Path fresh = folder.resolve("fresh");
        fixture.run(fresh, plan, SweepFixture.SILENT);
        assertThat(outcome(out)).containsAllEntriesOf(outcome(fresh));
        assertThat(after.get(1).result()).isNotEqualTo(before.get(1).result());
        assertThat(out.resolve(again.started.get(0).folder() + ".replaced-1")).isDirectory();
        Recorder third = new Recorder();
        fixture.run(out, plan, third);
        assertThat(third.started).isEmpty();
    }

    @Test
    void aDatasetWithADamagedImageLeavesTheOtherAndIsTriedAgain() throws IOException {
        Path sick = fixture.pictures("sick", 2, CLASSES);
        fixture.pictures("well", 2, CLASSES);
        Path image = sick.resolve("test/lawn/picture-1.png");
        byte[] good = Files.readAllBytes(image);
        Files.write(image, new byte[] {1, 2, 3});
        Path out = folder.resolve("failing");
        String plan =
                "datasets: [sick, well]\nmethods: [zero-shot, coop-m4-end]\nshots: 1\nseeds: [1," + " 2]\n" + SETTINGS;
        Recorder first = new Recorder();
        List<SweepRun.RunState> failing = fixture.run(out, plan, first);
        assertThat(SweepFixture.failures(failing)).hasSize(3);
        assertThat(first.finished).hasSize(3).allMatch(run -> run.dataset().equals("well"));
        assertThat(first.notes.stream().filter(note -> note.contains("picture-1.png")))
                .hasSize(1);
        for (SweepRun.RunState failure : SweepFixture.failures(failing)) {
            Path place = out.resolve(failure.run().folder());
            JsonNode said = CheckedJson.tree(place.resolve(RunFolder.FAILURE), RunFolder.FAILURE, 1000);
            assertThat(said.path("message").asText())
                    .isEqualTo(failure.failure().orElseThrow())
                    .contains("1 image", "picture-1.png");
            assertThat(said.path("when").asText()).startsWith("20");
            assertThat(place.resolve("result.json")).doesNotExist();
            assertThat(place.resolve(RunFolder.METRICS)).doesNotExist(); // nothing was trained
        }
        Files.write(image, good);
        Recorder second = new Recorder();
        assertThat(SweepFixture.failures(fixture.run(out, plan, second))).isEmpty();
        assertThat(second.started).hasSize(3);
        assertThat(out.resolve(second.started.get(0).folder()).resolve(RunFolder.FAILURE))
                .doesNotExist();
    }

    @Test
    void whatIsMadeFromAFailedRunFailsWithIt() throws IOException {
        Path out = folder.resolve("diverging");
        List<SweepRun.RunState> failing = fixture.run(
                out,
                """
                        datasets: [data]
                        methods: [coop-m4-end]
                        shots: 2
                        seeds: 1
                        epochs: 3
                        batch: 4
                        rate: 1e38
                        base_to_new: true
                        """,
                SweepFixture.SILENT);
        assertThat(failing).hasSize(3);
        assertThat(SweepFixture.failures(failing)).hasSize(3);
        assertThat(SweepFixture.failures(failing).get(2).run().title()).isEqualTo("coop-m4-end-new");
        assertThat(SweepFixture.failures(failing).get(2).failure().orElseThrow())
                .contains("coop-m4-end", "epoch");
    }

    @Test
    void allSeedsShareTheSplitOfDataThatHasNone() throws IOException {
        Path plain = folder.resolve("plain");
        for (int label = 0; label < CLASSES.length; label++) {
            for (int i = 0; i < 10; i++) {
                TestPictures.write(plain.resolve(CLASSES[label]).resolve(i + ".png"), label, i);
            }
        }
        Path out = folder.resolve("split");
        List<SweepRun.RunState> split = fixture.run(
                out,
                "datasets: [{name: mine, path: plain}]\nmethods: [zero-shot, coop-m4-end,"
                        + " linear-probe]\nshots: 2\nseeds: [1, 2, 3]\nepochs: 1\n",
                SweepFixture.SILENT);
        Set<String> tested = new HashSet<>();
        for (SweepRun.RunState ended : split) {
            assertThat(ended.result().orElseThrow().dataset()).isEqualTo("mine");
            tested.add(Run.open(out.resolve(ended.run().folder()))
                    .provenance()
                    .orElseThrow()
                    .testHash());
        }
        assertThat(split).hasSize(7);
        assertThat(tested).hasSize(1);
    }

    @Test
    void twoSweepsDoNotShareAFolder() throws IOException {
        Path out = folder.resolve("shared");
        try (RunFolder held = RunFolder.open(out)) {
            assertThrown(
                    IOException.class,
                    () -> fixture.run(out, PLAN, SweepFixture.SILENT),
                    held.path().toString());
        }
        assertThat(out.resolve("runs")).doesNotExist();
    }

    @Test
    void aPlanThatCannotBeCarriedOutIsRefusedWithAllThatIsWrong() throws IOException {
        String longName = "a b ".repeat(40).strip();
        fixture.pictures("long", 1, "short", longName);
        Path testsOnly = fixture.pictures("tests-only", 1, "lawn", "fox");
        CacheFolder.delete(testsOnly.resolve("train"));
        CacheFolder.delete(testsOnly.resolve("val"));
        Files.createDirectories(folder.resolve("empty"));
        Path out = folder.resolve("refused");
        assertThatThrownBy(() -> fixture.run(
                        out,
                        "datasets: [data, long, empty, tests-only]\n"
                                + "methods: [zero-shot, coop-m16-end,"
                                + " coop-m4-end-csc]\n"
                                + "test_on: {datasets: tests-only, from: data}\n"
                                + "base_to_new: true\n",
                        SweepFixture.SILENT))
                .isInstanceOfSatisfying(PlanException.class, e -> assertThat(e.problems())
                        .hasSize(8)
                        .anyMatch(p -> p.startsWith("empty: "))
                        .anyMatch(p -> p.matches("long: zero-shot: .*77.*"))
                        .anyMatch(p -> p.startsWith("long: coop-m16-end: "))
                        .anyMatch(p -> p.startsWith("long: coop-m4-end-csc: "))
                        .anyMatch(p -> p.matches(".*csc: learned.* \"fox\".*"))
                        .anyMatch(p -> p.matches("tests-only: .*test_on.*"))
                        .anyMatch(p -> p.matches("long: .*base_to_new.* 4 .*"))
                        .anyMatch(p -> p.matches("tests-only: .*base_to_new.* 4 .*")));
        assertThat(out).doesNotExist();
    }
}
