package org.coop4j.demo;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.coop4j.base.Progress;
import org.coop4j.base.ProgressRecorder;
import org.coop4j.clip.Clip;
import org.coop4j.clip.ShippedModel;
import org.coop4j.data.DataSpec;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.LabelledImage;
import org.coop4j.run.Run;
import org.coop4j.run.RunResult;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The demo, shortened: two seeds of one and two shots, a few epochs. */
@Tag("portable")
class DemoRunTest {

    private static final String SHORT =
            DemoRun.plan().replace("[1, 2, 4, 8, 16]", "[1, 2]").replace("[1, 2, 3]", "[1, 2]") + "epochs: 3\n";

    @TempDir
    private static Path folder;

    private static DemoPictures pictures;
    private static Recorder recorder;
    private static DemoResult result;

    @BeforeAll
    static void run() throws IOException {
        pictures = DemoPictures.unpack(folder.resolve("cache"));
        recorder = new Recorder();
        result = demo(recorder);
    }

    private static DemoResult demo(Recorder recorded) throws IOException {
        try (Clip clip = Clip.open(ShippedModel.file(folder.resolve("cache")))) {
            return new DemoRun(clip, pictures, SHORT, folder.resolve("bank"), recorded, recorded).run(folder);
        }
    }

    private static final class Recorder extends ProgressRecorder implements DemoRun.Listener {
        private final List<Integer> learned = new ArrayList<>();

        @Override
        public void prompts(ImageDataset photographs, DemoResult.Scores scores) {}

        @Override
        public void learned(int shots, DemoResult.Scores scores) {
            learned.add(shots);
        }
    }

    private static ImageDataset photographs() throws IOException {
        return DataSpec.of(pictures.folder().resolve("photographs")).load(1);
    }

    @Test
    void betterNamesAreOfTheSameClassesInTheSameOrder() throws IOException {
        ImageDataset photographs = photographs();
        ImageDataset renamed = DataSpec.of(pictures.folder().resolve("photographs"))
                .with()
                .names(pictures.folder().resolve("names.csv"))
                .build()
                .load(1);
        assertThat(result.betterNames()).isEqualTo(renamed.classNames()).isNotEqualTo(result.classNames());
        assertThat(renamed.test().stream().map(DemoRunTest::name))
                .containsExactlyElementsOf(
                        photographs.test().stream().map(DemoRunTest::name).toList());
        int cars = result.classNames().indexOf("car_side");
        assertThat(result.betterNames().get(cars)).isEqualTo("car");
        for (String dataset :
                List.of(DemoResult.PHOTOGRAPHS, DemoResult.CAREFUL, DemoResult.DRAWINGS, DemoResult.CAREFUL_DRAWINGS)) {
            assertThat(scores(dataset).filter(score -> score.shots() == 0))
                    .extracting(DemoResult.Score::method)
                    .containsExactlyElementsOf(result.scores().prompts());
        }
    }

    @Test
    void theTaskIsWhatTheArchiveHolds() throws IOException {
        ImageDataset photographs = photographs();
        assertThat(photographs.classNames()).hasSizeBetween(16, 20);
        assertThat(result.classNames()).isEqualTo(photographs.classNames());
        assertThat(result.trainImages()).isEqualTo(photographs.train().size());
        assertThat(result.testImages()).isEqualTo(photographs.test().size());
        assertThat(result.drawingImages())
                .isEqualTo(DataSpec.of(pictures.folder().resolve("drawings"))
                        .load(1)
                        .test()
                        .size());
        Set<String> train = photographs.train().stream().map(DemoRunTest::name).collect(Collectors.toSet());
        assertThat(photographs.test()).noneMatch(image -> train.contains(name(image)));
        assertThat(pictures.folder().resolve("attribution.csv")).exists();
        assertThat(DemoPictures.unpack(folder.resolve("cache"))).isEqualTo(pictures);
    }

    /** Label and file name, as the benchmark numbers the pictures of each class from 1. */
    private static String name(LabelledImage image) {
        return image.label() + "/" + image.path().getFileName();
    }

    @Test
    void everyRunIsOnDiskWithTheAccuracyThatTheResultHas() throws IOException {
        List<DemoResult.Score> learned = scores(DemoResult.PHOTOGRAPHS)
                .filter(score -> score.shots() > 0)
                .toList();
        assertThat(learned).hasSize(2 * 2 * 4);
        for (DemoResult.Score run : learned) {
            RunResult onDisk = onDisk(run);
            assertThat(run.accuracy()).isEqualTo(onDisk.accuracy(), within(1e-9));
            for (RunResult.HandWritten prompt : onDisk.handWritten()) {
                if (result.scores().prompts().contains(prompt.prompt())) {
                    assertThat(result.scores().accuracy(DemoResult.PHOTOGRAPHS, prompt.prompt()))
                            .isEqualTo(prompt.accuracy(), within(1e-9));
                }
            }
        }
    }

    private static Stream<DemoResult.Score> scores(String dataset) {
        return result.scores().all().stream().filter(score -> score.dataset().equals(dataset));
    }

    private static RunResult onDisk(DemoResult.Score run) throws IOException {
        Path ofMethod = folder.resolve("runs/photographs").resolve(run.method());
        try (Stream<Path> runs = Files.list(ofMethod)) {
            Path own = runs.filter(path ->
                            path.getFileName().toString().startsWith("shots" + run.shots() + "-seed" + run.seed()))
                    .findFirst()
                    .orElseThrow();
            return Run.open(own).result().orElseThrow();
        }
    }

    @Test
    void theListenerSeesEveryStepAndEveryNumberOfShots() {
        assertThat(recorder.warnings).isEmpty();
        assertThat(recorder.learned).containsExactly(1, 2);
        assertThat(recorder.tasks(Progress.Unit.WORK)).hasSize(2).allSatisfy(task -> assertThat(task.done())
                .isBetween(1L, task.total()));
    }

    @Test
    void thePageHasTheNumbersOfTheResultAndLoadsNothing() throws IOException {
        String page = Files.readString(folder.resolve(DemoRun.PAGE), UTF_8);
        double learned = result.scores()
                .learned(DemoResult.PHOTOGRAPHS, DemoResult.FEATURED)
                .mean();
        String best = result.scores().best(DemoResult.PHOTOGRAPHS);
        assertThat(page)
                .contains(
                        String.format(Locale.ROOT, "%.1f ±", learned),
                        String.format(Locale.ROOT, "%.1f", result.scores().accuracy(DemoResult.PHOTOGRAPHS, best)))
                .doesNotContain("src=\"http", "href=\"http", "url(http");
        assertThat(page).containsPattern("\\d+ corrected, \\d+ newly wrong");
        assertThat(Files.readString(folder.resolve(DemoRun.CURVE_SVG))).contains("<svg");
        assertThat(DemoResult.read(folder).scores()).isEqualTo(result.scores());
    }

    @Test
    void anotherDemoInTheFolderRepeatsNoRunAndGivesTheSameNumbers() throws IOException {
        Map<Path, FileTime> before = written();
        DemoResult again = demo(new Recorder());
        assertThat(again.scores()).isEqualTo(result.scores());
        assertThat(written()).isEqualTo(before);
    }

    private static Map<Path, FileTime> written() throws IOException {
        Map<Path, FileTime> times = new HashMap<>();
        try (Stream<Path> files = Files.walk(folder.resolve("runs"))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                times.put(file, Files.getLastModifiedTime(file));
            }
        }
        return times;
    }

    @TempDir
    private Path cache;

    /** Two demos that are started together for the first time. */
    @Test
    void ofTwoThatUnpackAtOnceBothGetThePictures() throws Exception {
        CyclicBarrier start = new CyclicBarrier(2);
        Callable<DemoPictures> unpacking = () -> {
            start.await();
            return DemoPictures.unpack(cache);
        };
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            List<Future<DemoPictures>> both = threads.invokeAll(List.of(unpacking, unpacking));
            DemoPictures pictures = both.get(0).get();
            assertThat(both.get(1).get()).isEqualTo(pictures);
            assertThat(files(cache)).containsExactlyInAnyOrder(pictures.folder(), cache.resolve(".pictures.lock"));
            assertThat(files(pictures.folder().resolve("photographs"))).hasSize(2);
        } finally {
            threads.shutdown();
        }
    }

    @Test
    void whatAKilledProcessLeftGoesAndNothingElse() throws IOException {
        Path left = Files.createDirectories(cache.resolve(".pictures-unfinished/photographs/x"));
        Files.writeString(left.resolve("half.jpg"), "half");
        Path mine = Files.writeString(cache.resolve(".pictures-of-mine"), "mine");
        DemoPictures pictures = DemoPictures.unpack(cache);
        assertThat(files(cache)).containsExactlyInAnyOrder(pictures.folder(), mine, cache.resolve(".pictures.lock"));
        assertThat(pictures.folder().resolve("photographs/x")).doesNotExist();
    }

    private static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.toList();
        }
    }
}
