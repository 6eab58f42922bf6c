package org.coop4j.pretrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.coop4j.base.Progress;
import org.coop4j.graph.host.Workers;
import org.coop4j.model.ConvertedModel;
import org.coop4j.model.MlpActivation;
import org.coop4j.run.RunFolder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PretrainRunTest {

    private static final PretrainConfig CONFIG = new PretrainConfig(
            4,
            new PairBatches.Rule(8, 0.3, 0),
            0,
            1e-3,
            1,
            new AdamW.Config(0.9, 0.98, 1e-6, 0.1),
            new Augmentation(0.8, 1.2, 0.1, 0.5, 10, 0.2, 0.2, 0.2, 20),
            0,
            0,
            5,
            2);

    @TempDir
    Path folder;

    private void run(Path out, boolean resume, Progress progress) throws IOException {
        run(InitialModel.random(PictureTables.vit(), MlpActivation.QUICK_GELU, CONFIG.seed()), out, resume, progress);
    }

    private void run(InitialModel initial, Path out, boolean resume, Progress progress) throws IOException {
        Path table = folder.resolve("train.csv");
        try (Workers workers = new Workers(2)) {
            new PretrainRun(initial, null, CONFIG, table, table, workers, progress).run(out, resume);
        }
    }

    /** Fails in the middle of the third epoch, after the checkpoint of the second. */
    private static Progress interruption() {
        return new RecordedProgress() {
            @Override
            public void detail(String text) {
                if (text.startsWith("epoch 3/4") && steps().size() % 4 == 1) {
                    throw new IllegalStateException("interrupted");
                }
            }
        };
    }

    @Test
    void anInterruptedRunEndsInTheSameModelAsOneThatRanThrough() throws IOException {
        PictureTables.write(folder);
        Path through = folder.resolve("through");
        RecordedProgress seen = new RecordedProgress();
        run(through, false, seen);
        assertThat(seen.notes()).filteredOn(note -> note.contains("recall@1")).hasSize(2);
        assertThat(seen.notes()).filteredOn(note -> note.contains("pairs/s")).hasSize(4);
        assertThat(seen.steps()).hasSize(16).endsWith(seen.total());
        Path broken = folder.resolve("broken");
        assertThatThrownBy(() -> run(broken, false, interruption())).hasMessage("interrupted");
        assertThatThrownBy(() -> run(broken, false, Progress.NONE))
                .isInstanceOf(IOException.class)
                .hasMessageContainingAll(broken.toString(), "resume");
        RecordedProgress resumed = new RecordedProgress();
        run(broken, true, resumed);
        assertThat(resumed.notes().get(0)).contains("epoch 2 of 4");
        assertThat(resumed.total()).isEqualTo(8);
        assertThat(Files.readAllBytes(broken.resolve(PretrainRun.MODEL)))
                .isEqualTo(Files.readAllBytes(through.resolve(PretrainRun.MODEL)));
        assertThat(Files.readAllLines(broken.resolve(RunFolder.METRICS)))
                .hasSize(4)
                .allSatisfy(line -> assertThat(line).contains("\"loss\":"));
        assertThat(broken.resolve(RunFolder.PROVENANCE)).content().contains("train_sha256");
        try (ConvertedModel model = ConvertedModel.open(broken.resolve(PretrainRun.MODEL))) {
            assertThat(model.architecture()).isEqualTo(PictureTables.vit());
            assertThat(model.source().format()).contains("coop pretrain", "4 epochs", "seed 5");
        }
    }

    @Test
    void aFinishedRunIsNotWrittenAgainAndADamagedCheckpointIsNamed() throws IOException {
        PictureTables.write(folder);
        Path out = folder.resolve("out");
        run(out, false, Progress.NONE);
        Map<Path, FileTime> before = times(out);
        RecordedProgress again = new RecordedProgress();
        run(out, true, again);
        assertThat(again.notes()).singleElement().asString().startsWith(out.toString());
        assertThat(times(out)).isEqualTo(before);

        Files.delete(out.resolve(RunFolder.PROVENANCE)); // not finished
        Path checkpoint = out.resolve(RunFolder.CHECKPOINT);
        byte[] bytes = Files.readAllBytes(checkpoint);
        bytes[bytes.length - 2] ^= 1;
        Files.write(checkpoint, bytes);
        assertThatThrownBy(() -> run(out, true, Progress.NONE))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith(checkpoint + " is damaged");
    }

    @Test
    void aTeacherAndItsWeightAreGivenTogether() throws IOException {
        Path table = PictureTables.write(folder);
        InitialModel initial = InitialModel.random(PictureTables.vit(), MlpActivation.QUICK_GELU, 1);
        try (Workers workers = new Workers(1)) {
            var run = new PretrainRun(initial, table, CONFIG, table, table, workers, Progress.NONE);
            assertThatThrownBy(() -> run.run(folder.resolve("out"), false))
                    .hasMessageContaining("weight 0.0 with a teacher");
        }
    }

    private static Map<Path, FileTime> times(Path folder) throws IOException {
        Map<Path, FileTime> times = new TreeMap<>();
        for (String name : names(folder)) {
            if (!name.equals(".lock")) {
                Path file = folder.resolve(name);
                times.put(file, Files.getLastModifiedTime(file));
            }
        }
        return times;
    }

    @Test
    void aTrainedModelIsTrainedOn() throws IOException {
        PictureTables.write(folder);
        Path first = folder.resolve("first");
        run(first, false, Progress.NONE);
        Path second = folder.resolve("second");
        try (ConvertedModel model = ConvertedModel.open(first.resolve(PretrainRun.MODEL))) {
            run(InitialModel.of(model), second, false, Progress.NONE);
            assertThat(second.resolve("config.json")).content().contains(model.sha256());
        }
        assertThat(losses(second).get(0)).isLessThan(losses(first).get(0));
        assertThatThrownBy(() -> run(second, true, Progress.NONE))
                .isInstanceOf(IOException.class)
                .hasMessageContainingAll(second.toString(), "config.json", "--out");
    }

    private static List<Double> losses(Path run) throws IOException {
        return Files.readAllLines(run.resolve(RunFolder.METRICS)).stream()
                .map(line -> line.replaceAll(".*\"loss\":([0-9.]+),.*", "$1"))
                .map(Double::valueOf)
                .toList();
    }

    @Test
    void whatFailsInTheValidationCostsNoEpoch() throws IOException {
        PictureTables.write(folder);
        Path out = folder.resolve("out");
        RecordedProgress failing = new RecordedProgress() {
            @Override
            public void note(String message) {
                super.note(message);
                if (message.contains("recall@1")) {
                    throw new IllegalStateException("in the validation");
                }
            }
        };
        assertThatThrownBy(() -> run(out, false, failing)).hasMessage("in the validation");
        RecordedProgress resumed = new RecordedProgress();
        run(out, true, resumed);
        assertThat(resumed.notes().get(0)).contains("epoch 2 of 4");
        assertThat(resumed.notes())
                .filteredOn(note -> note.contains("recall@1"))
                .hasSize(2);
        List<String> lines = Files.readAllLines(out.resolve(RunFolder.METRICS));
        assertThat(lines).hasSize(4);
        assertThat(lines.get(1)).contains("\"epoch\":2,\"loss\":").contains("recall_at_1");
    }

    @Test
    void aRunHasNoFilesButItsOwn() throws IOException {
        PictureTables.write(folder);
        Path out = folder.resolve("out");
        Set<String> during = new HashSet<>();
        run(out, false, new RecordedProgress() {
            @Override
            public void detail(String text) {
                during.addAll(names(out));
            }
        });
        assertThat(during)
                .containsExactlyInAnyOrder(
                        ".lock", "config.json", RunFolder.METRICS, PretrainRun.MODEL, RunFolder.CHECKPOINT);
    }

    private static Set<String> names(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).collect(Collectors.toSet());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void aChangedTableIsNotResumed() throws IOException {
        Path table = PictureTables.write(folder);
        Path out = folder.resolve("out");
        assertThatThrownBy(() -> run(out, false, interruption())).hasMessage("interrupted");
        Files.writeString(table, Files.readString(table) + "0.png,another caption\n");
        assertThatThrownBy(() -> run(out, true, Progress.NONE))
                .isInstanceOf(IOException.class)
                .hasMessageContainingAll(out.toString(), "config.json", "--out");
    }
}
