package org.coop4j.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.base.Thrown.assertThrown;
import static org.coop4j.study.SweepFixture.CLASSES;
import static org.coop4j.study.SweepFixture.outcome;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.coop4j.base.Folders;
import org.coop4j.clip.Clip;
import org.coop4j.run.RunFolder;
import org.coop4j.study.SweepFixture.Recorder;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Damaged or moved folders of a sweep: nothing in them is lost. */
class RunStoreTest {

    private static final String SETTINGS = "shots: 1\nseeds: [1, 2]\nepochs: 2\nbatch: 4\n";
    private static final String PLAN = "datasets: [data]\nmethods: [zero-shot, coop-m4-end]\n" + SETTINGS;

    @TempDir
    private static Path folder;

    private static SweepFixture fixture;
    private static Path pictures;
    private static Path whole;
    private static List<SweepRun> runs;

    @TempDir
    private Path own;

    private Path out;

    @BeforeAll
    static void sweep() throws IOException {
        fixture = new SweepFixture(folder);
        pictures = fixture.pictures("data", 2, CLASSES);
        whole = folder.resolve("whole");
        List<SweepRun.RunState> done = fixture.run(whole, PLAN, SweepFixture.SILENT);
        assertThat(SweepFixture.failures(done)).isEmpty();
        runs = done.stream().map(SweepRun.RunState::run).toList();
    }

    @BeforeEach
    void copy() throws IOException {
        out = own.resolve("sweep");
        Folders.copy(whole, out);
    }

    private Path place(int run) {
        return out.resolve(runs.get(run).folder());
    }

    /** Every file below a folder with its content. */
    private static Map<String, String> content(Path root) throws IOException {
        Map<String, String> content = new TreeMap<>();
        for (Path file : Folders.files(root)) {
            if (!file.endsWith(".lock")) {
                content.put(root.relativize(file).toString(), HexFormat.of().formatHex(Files.readAllBytes(file)));
            }
        }
        return content;
    }

    private static void flip(Path file, int at) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        bytes[at] ^= 1;
        Files.write(file, bytes);
    }

    /** Something that happens to a run's folder. */
    private interface Harm {
        void to(Path run) throws IOException;
    }

    /** Ways in which a run becomes unreadable. */
    static Stream<Harm> harms() {
        return Stream.of(
                run -> flip(run.resolve("config.json"), 100),
                run -> Files.write(run.resolve("config.json"), new byte[0]),
                run -> Files.createDirectories(emptied(run)),
                run -> Files.createSymbolicLink(emptied(run), Path.of("nothing")),
                run -> Files.writeString(run.resolve("config.json"), "{\"format\": 3}"), // a later one
                run -> Files.writeString(run.resolve("result.json"), "null"),
                run -> Files.writeString(run.resolve("result.json"), "{\"accuracy\":"));
    }

    private static Path emptied(Path run) throws IOException {
        Files.delete(run.resolve("config.json"));
        return run.resolve("config.json");
    }

    @ParameterizedTest
    @MethodSource("harms")
    void aRunThatCannotBeReadIsReportedAndLeftAndTheOthersGoOn(Harm harm) throws IOException {
        harm.to(place(1));
        Files.delete(place(2).resolve(RunFolder.PROVENANCE)); // is to be done
        Map<String, String> before = content(place(1));
        Recorder recorder = new Recorder();
        List<SweepRun.RunState> ended = fixture.run(out, PLAN, recorder);
        assertThat(SweepFixture.failures(ended))
                .extracting(SweepRun.RunState::run)
                .containsOnly(runs.get(1));
        assertThat(SweepFixture.failures(ended).get(0).failure().orElseThrow()).contains(place(1).toString());
        assertThat(recorder.found).isEqualTo(1);
        assertThat(recorder.finished).containsExactly(runs.get(2));
        assertThat(content(place(1))).isEqualTo(before);
        assertThat(place(1).resolve(RunFolder.FAILURE)).doesNotExist();
        Files.move(place(1), own.resolve("moved"));
        assertThat(SweepFixture.failures(fixture.run(out, PLAN, SweepFixture.SILENT)))
                .isEmpty();
        assertThat(outcome(out)).isEqualTo(outcome(whole));
    }

    /** A user who may read everything reads the file, and nothing changes. */
    @ParameterizedTest
    @ValueSource(strings = {"", "config.json", "result.json"})
    void whatMayNotBeReadIsNotTouched(String name) throws IOException {
        Map<String, String> before = content(out.resolve("runs"));
        Path closed = place(1).resolve(name);
        var usual = Files.getPosixFilePermissions(closed);
        Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("---------"));
        boolean readable = Files.isReadable(closed);
        List<SweepRun.RunState> ended = fixture.run(out, PLAN, SweepFixture.SILENT);
        Files.setPosixFilePermissions(closed, usual);
        assertThat(SweepFixture.failures(ended)).hasSize(readable ? 0 : 1);
        assertThat(content(out.resolve("runs"))).isEqualTo(before);
    }

    @Test
    void damagedImagesAndADamagedConfigurationTogetherLoseNothing() throws IOException {
        flip(place(1).resolve("config.json"), 100);
        Map<String, String> before = content(out.resolve("runs"));
        Path image = pictures.resolve("test/lawn/picture-1.png");
        byte[] good = Files.readAllBytes(image);
        Files.write(image, new byte[] {1, 2, 3});
        try {
            assertThat(SweepFixture.failures(fixture.run(out, PLAN, SweepFixture.SILENT)))
                    .hasSize(3);
        } finally {
            Files.write(image, good);
        }
        assertThat(content(out.resolve("runs"))).isEqualTo(before);
    }

    @Test
    void whatIsDamagedAndNoRunsPlaceIsReportedToo() throws IOException {
        Path earlier = Files.move(place(1), place(1).resolveSibling("earlier-name"));
        Recorder found = new Recorder();
        fixture.run(out, PLAN, found);
        assertThat(found.started).isEmpty();
        assertThat(found.notes).isEmpty();
        flip(earlier.resolve("config.json"), 100);
        Map<String, String> before = content(earlier);
        Recorder lost = new Recorder();
        fixture.run(out, PLAN, lost);
        assertThat(lost.started).containsExactly(runs.get(1));
        assertThat(lost.notes)
                .singleElement()
                .asString()
                .contains(earlier.resolve("config.json").toString());
        assertThat(content(earlier)).isEqualTo(before);
    }

    private Path aside(int n) {
        return place(2).resolveSibling(place(2).getFileName() + ".replaced-" + n);
    }

    @Test
    void anotherRunInThePlaceIsMovedAside() throws IOException {
        Map<String, String> result = outcome(whole);
        for (int n = 1; n <= 2; n++) {
            Files.move(place(2), own.resolve("kept-" + n));
            Folders.copy(place(1), place(2));
            Map<String, String> before = content(place(2));
            Recorder recorder = new Recorder();
            assertThat(SweepFixture.failures(fixture.run(out, PLAN, recorder))).isEmpty();
            assertThat(recorder.started).containsExactly(runs.get(2));
            assertThat(content(aside(n))).isEqualTo(before);
            assertThat(outcome(out)).containsAllEntriesOf(result);
        }
        Recorder again = new Recorder();
        fixture.run(out, PLAN, again);
        assertThat(again.started).isEmpty();
    }

    @Test
    void aRunThatLostItsConfigurationIsMovedAside() throws IOException {
        Files.delete(place(2).resolve("config.json"));
        Map<String, String> before = content(place(2));
        Recorder recorder = new Recorder();
        fixture.run(out, PLAN, recorder);
        assertThat(recorder.started).containsExactly(runs.get(2));
        assertThat(content(aside(1))).isEqualTo(before);
        assertThat(outcome(out)).containsAllEntriesOf(outcome(whole));
    }

    @Test
    void runsAreFoundByWhatTheyAreAndNotByName() throws IOException {
        Path elsewhere = own.resolve("elsewhere");
        Files.move(out.resolve("runs"), elsewhere);
        Files.createSymbolicLink(out.resolve("runs"), elsewhere);
        Recorder renamed = new Recorder();
        fixture.run(out, PLAN.replace("coop-m4-end", "{name: mine, context_length: 4}"), renamed);
        assertThat(renamed.found).isEqualTo(3);
        assertThat(renamed.started).isEmpty();
    }

    @Test
    void aMethodWithTwoNamesIsLearnedOnce() throws IOException {
        Path twice = own.resolve("twice");
        String plan = PLAN.replace("coop-m4-end", "coop-m4-end, {name: mine, context_length: 4}");
        List<SweepRun.RunState> ended = fixture.run(twice, plan, SweepFixture.SILENT);
        assertThat(ended).hasSize(5);
        assertThat(SweepFixture.failures(ended)).isEmpty();
        assertThat(outcome(twice)).isEqualTo(outcome(whole));
        Recorder again = new Recorder();
        assertThat(fixture.run(twice, plan, again)).isEqualTo(ended);
        assertThat(again.found).isEqualTo(5);
    }

    @Test
    void aSweepThatCannotBeListedIsRefused() throws IOException {
        Path file = Files.writeString(own.resolve("file"), "no folder");
        try (Clip clip = fixture.open()) {
            Sweep sweep = Sweep.of(fixture.shared(clip, own), fixture.plan(PLAN));
            assertThrown(IOException.class, () -> sweep.run(file, SweepFixture.SILENT), "run folder " + file);
        }
    }
}
