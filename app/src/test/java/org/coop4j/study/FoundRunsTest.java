package org.coop4j.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.coop4j.base.Thrown.assertThrown;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.coop4j.base.AtomicFile;
import org.coop4j.base.Progress;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.data.benchmark.Benchmarks;
import org.coop4j.page.Shots;
import org.coop4j.study.FoundRuns.FinishedRun;
import org.coop4j.study.FoundRuns.LeftOut;
import org.coop4j.study.FoundRuns.State;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FoundRunsTest {

    @TempDir
    Path root;

    private FoundRuns search() throws IOException {
        return FoundRuns.below(root, Progress.NONE);
    }

    private Path run(String folder) throws IOException {
        return RunFiles.of("coop", "DTD", 60).learned(1, 1).write(root.resolve(folder));
    }

    @Test
    void runsAreFoundHoweverDeepAndOrderedByFolder() throws IOException {
        run("b/c/d");
        run("a");
        RunFiles.failed(root.resolve("x/failed"), "class \"cat\" has no readable training image");
        Path begun = run("y");
        Files.delete(begun.resolve("result.json"));

        FoundRuns findings = search();

        assertThat(findings.finished()).extracting(FinishedRun::folder).containsExactly(Path.of("a"), Path.of("b/c/d"));
        assertThat(findings.leftOut(State.FAILED))
                .containsExactly(
                        new LeftOut(Path.of("x/failed"), State.FAILED, "class \"cat\" has no readable training image"));
        assertThat(findings.leftOut(State.UNFINISHED))
                .extracting(LeftOut::folder)
                .containsExactly(Path.of("y"));
        assertThat(findings.leftOut(State.DAMAGED)).isEmpty();
    }

    @Test
    void whatIsHiddenOrReplacedOrSomethingElseIsNoRunAndAFolderItselfMayBeOne() throws IOException {
        run(".old/run");
        Path aside = AtomicFile.moveAside(run("one"));
        assertThat(aside).hasFileName("one.replaced-1");
        Files.writeString(root.resolve("config.json"), "{\"pairs\": \"list.csv\"}");
        assertThat(search()).isEqualTo(new FoundRuns(List.of(), List.of()));
        assertThat(FoundRuns.below(aside, Progress.NONE).finished())
                .extracting(FinishedRun::folder)
                .containsExactly(Path.of(""));
    }

    @Test
    void aResultCountsMoreThanAFailureBeforeItAndNeedsNoProvenance() throws IOException {
        RunFiles.failed(run("again"), "out of memory");
        Files.delete(root.resolve("again/provenance.json"));

        assertThat(search().leftOut(State.FAILED)).isEmpty();
        FinishedRun run = search().finished().get(0);
        assertThat(run.model().sha256()).isEqualTo(RunFiles.MODEL);
        assertThat(run.model().name()).isEqualTo("unknown model");
    }

    @Test
    void aFolderReachedByTwoWaysIsReadOnceAndLoopsEnd() throws IOException {
        Path run = run("a/run");
        Files.createSymbolicLink(root.resolve("latest"), run);
        Files.createSymbolicLink(root.resolve("a/loop"), root);
        Files.createSymbolicLink(root.resolve("dead"), root.resolve("nowhere"));

        assertThat(search().finished()).hasSize(1);
        assertThat(search().leftOut(State.DAMAGED)).isEmpty();
    }

    @Test
    void damagedRunsAreNamedAndTheRestGoesOn() throws IOException {
        run("good");
        Map<String, String> damage = Map.of(
                "a-cut", "{\"method\": \"coop\", \"acc",
                "b-empty", "",
                "c-list", "[1, 2]",
                "d-trailing", "{} {}",
                "e-binary", "\u0000\u0001");
        for (Map.Entry<String, String> one : damage.entrySet()) {
            Files.writeString(run(one.getKey()).resolve("result.json"), one.getValue());
        }

        FoundRuns findings = search();

        assertThat(findings.finished()).extracting(FinishedRun::folder).containsExactly(Path.of("good"));
        assertThat(findings.leftOut(State.DAMAGED)).hasSize(damage.size()).allSatisfy(f -> assertThat(f.reason())
                .startsWith("result.json is damaged: ")
                .doesNotContain("\n"));
    }

    @Test
    void numbersThatAreMissingOrOutOfRangeAreDamageAndNotZero() throws IOException {
        RunFiles good = RunFiles.of("coop", "DTD", 60).learned(1, 1);
        good.with("accuracy", null).write(root.resolve("1"));
        RunFiles.of("coop", "DTD", 100.5).write(root.resolve("2"));
        RunFiles.of("coop", "DTD", 60).with("accuracy", "60").write(root.resolve("3"));
        RunFiles.of("coop", "DTD", 60).with("calibrationError", 7).write(root.resolve("4"));
        RunFiles.of("coop", "DTD", 60).with("testImages", 0).write(root.resolve("5"));
        RunFiles.of(" ", "DTD", 60).write(root.resolve("6"));
        RunFiles.of("x".repeat(500), "DTD", 60).write(root.resolve("7"));
        RunFiles.of("coop", "DTD", 60).half("UPPER").write(root.resolve("8"));
        RunFiles.of("coop", "DTD", 60).perClass("cat", 5, 6).write(root.resolve("9"));

        List<LeftOut> damaged = search().leftOut(State.DAMAGED);

        assertThat(damaged).hasSize(9);
        assertThat(damaged.get(0).reason()).contains("accuracy: ");
        assertThat(damaged.get(1).reason()).contains("\"accuracy\"", "100.5", "0 to 100");
        assertThat(damaged.get(2).reason()).contains("accuracy: ", "60");
        assertThat(damaged.get(3).reason()).contains("\"calibrationError\"", "7", "0 to 1");
        assertThat(damaged.get(4).reason()).contains("\"testImages\"", "0", "1 to");
        assertThat(damaged.get(5).reason()).contains("\"method\"", "1 character");
        assertThat(damaged.get(6).reason()).contains("500 characters");
        assertThat(damaged.get(7).reason()).contains("UPPER");
        assertThat(damaged.get(8).reason()).contains("\"correct\"", "6", "0 to 5");
    }

    @Test
    void aHugeFileIsRefusedBeforeItIsRead() throws IOException {
        Path run = run("huge");
        try (RandomAccessFile file =
                new RandomAccessFile(run.resolve("result.json").toFile(), "rw")) {
            file.setLength(5L << 30); // sparse
        }

        assertThat(search().leftOut(State.DAMAGED).get(0).reason()).contains("result.json", "MB");
    }

    @Test
    void filesOfTwoRunsInOneFolderAreDamage() throws IOException {
        Path run = run("mixed");
        Files.writeString(
                run.resolve("provenance.json"), "{\"threads\": 1, \"modelSha256\": \"" + "b2".repeat(32) + "\"}");
        Files.delete(run("lost").resolve("config.json"));

        List<LeftOut> damaged = search().leftOut(State.DAMAGED);

        assertThat(damaged.get(0).reason()).contains("result.json", "config.json");
        assertThat(damaged.get(1).reason()).contains("config.json", "a1a1a1a1a1a1", "provenance.json", "b2b2b2b2b2b2");
    }

    @Test
    void whatIsNoFolderIsSaid() throws IOException {
        Path file = Files.writeString(root.resolve("file"), "");

        assertThrown(IOException.class, () -> FoundRuns.below(file, Progress.NONE), file.toString());
        assertThrown(
                IOException.class,
                () -> FoundRuns.below(root.resolve("none"), Progress.NONE),
                root.resolve("none").toString());
    }

    private static final PublishedNumbers NUMBERS = PublishedNumbers.shipped();

    private static Optional<PublishedNumbers.Published> find(
            List<String> datasets, MethodLabel method, Shots shots, Optional<String> backbone) {
        return NUMBERS.find("", datasets, ClassHalf.ALL, method.with(shots), backbone);
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
