package org.coop4j.data.benchmark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.base.Thrown.assertThrown;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.coop4j.base.Folders;
import org.coop4j.base.InputException;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.ImageDataset.Split;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.SplitFile;
import org.coop4j.data.benchmark.BenchmarkSource.Division;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvFileSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.slf4j.LoggerFactory;

/** Properties of every dataset, each on a miniature in its true layout. */
class EveryBenchmarkTest {

    @TempDir
    Path root;

    static Stream<Benchmark> all() {
        return Benchmarks.published().all().stream();
    }

    static Stream<Benchmark> withSplitFile() {
        return all().filter(benchmark -> benchmark.layout().splitFile().isPresent());
    }

    /** Every dataset with each file and folder that it needs without a split file. */
    static Stream<Arguments> neededFiles() {
        return all().flatMap(benchmark -> Stream.concat(
                        benchmark.layout().folders().stream(), benchmark.layout().lists().stream())
                .map(needed -> Arguments.of(benchmark, needed)));
    }

    /** Classes in label order, the numbers of images, half rounded to even, and the first image of each split. */
    @ParameterizedTest
    @CsvFileSource(resources = "true-layouts.txt", delimiter = '|')
    void loadsFromItsTrueLayout(String name, String classNames, int train, int val, int test, String first)
            throws IOException {
        Benchmark benchmark = Benchmarks.published().get(name);
        ImageDataset dataset = plantAndLoad(benchmark);

        assertThat(String.join(", ", dataset.classNames())).isEqualTo(classNames);
        assertThat(dataset.train()).hasSize(train);
        assertThat(dataset.val()).hasSize(val);
        assertThat(dataset.test()).hasSize(test);
        assertThat(Stream.of(Split.values())
                        .flatMap(split -> dataset.images(split).stream().limit(1)))
                .extracting(image -> image.label() + " " + image.path().getFileName())
                .isEqualTo(List.of(first.split(", ", -1)));
        assertThat(dataset.missingFiles(count -> {})).isEmpty();
        assertThat(dataset.train().isEmpty()).isEqualTo(benchmark.published().train() == 0);
        for (Split split : Split.values()) {
            assertThat(dataset.images(split))
                    .extracting(LabelledImage::path)
                    .doesNotHaveDuplicates()
                    .allMatch(path -> path.startsWith(directory(benchmark)));
        }
    }

    @ParameterizedTest
    @MethodSource("withSplitFile")
    void aMadeSplitIsReportedEachTimeWrittenForTheNextTimeAndReadAgainEqual(Benchmark benchmark) throws IOException {
        MiniatureBenchmarks.plant(benchmark.name(), root);
        List<Path> before = Folders.files(root);
        List<String> warnings = new ArrayList<>();
        ImageDataset made = warnings(warnings, () -> load(benchmark, 7));
        Path split = splitFile(benchmark);

        assertThat(Folders.files(root)).hasSize(before.size() + 1).contains(split);
        assertThat(Files.readString(split))
                .startsWith("{\n    \"made_by\": \"coop4j: %s, seed 7\",\n    \"train\": [\n        [\n"
                        .formatted(benchmark.rule().description()));
        assertThat(warnings(warnings, () -> load(benchmark, 8))).isEqualTo(made);
        assertThat(warnings).hasSize(2).allMatch(warning -> warning.contains("not comparable to the papers'"));
        assertThat(warnings.get(0)).contains("so a split was made", "seed 7");
        assertThat(warnings.get(1)).contains("made by coop4j", "seed 7");
        Files.delete(split);
        assertThat(load(benchmark, 7)).isEqualTo(made);
        Files.delete(split);
        assertThat(load(benchmark, 8).train()).isNotEqualTo(made.train());
    }

    /** The folder of the split file does not exist, so that not even root can write it. */
    @ParameterizedTest
    @MethodSource("withSplitFile")
    void aSplitThatCannotBeWrittenIsUsedWithAWarning(Benchmark benchmark) throws IOException {
        ImageDataset made = plantAndLoad(benchmark);
        Files.delete(splitFile(benchmark));
        List<Path> before = Folders.files(root);
        Benchmark unwritable = withSplitFile(benchmark, "nowhere/split.json");
        List<String> warnings = new ArrayList<>();
        ImageDataset unkept = warnings(warnings, () -> new BenchmarkSource(unwritable, root, 1).load());

        assertThat(unkept).isEqualTo(made);
        assertThat(Folders.files(root)).isEqualTo(before);
        assertThat(warnings)
                .singleElement()
                .asString()
                .contains(benchmark.rule().description(), "seed 1", "cannot be kept", "nowhere");
    }

    @ParameterizedTest
    @MethodSource("withSplitFile")
    void aSplitFileIsUsedAndNotReportedAsMade(Benchmark benchmark) throws IOException {
        ImageDataset made = plantAndLoad(benchmark);
        List<LabelledImage> train = new ArrayList<>(made.test());
        train.addAll(made.train());
        ImageDataset other = new ImageDataset(
                made.name(),
                made.classNames().stream().map(name -> "my " + name).toList(),
                renamed(train),
                List.of(),
                renamed(made.val()));
        SplitFile.write(other, splitFile(benchmark), imageRoot(benchmark), Optional.empty());
        List<String> warnings = new ArrayList<>();

        assertThat(warnings(warnings, () -> load(benchmark, 1))).isEqualTo(other);
        assertThat(warnings).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("withSplitFile")
    void aBrokenSplitIsRefusedAndKept(Benchmark benchmark) throws IOException {
        plantAndLoad(benchmark);
        Path split = splitFile(benchmark);
        byte[] whole = Files.readAllBytes(split);
        for (int length : new int[] {0, 1, whole.length / 3, whole.length - 2}) {
            byte[] broken = Arrays.copyOf(whole, length);
            Files.write(split, broken);
            assertThrown(InputException.class, () -> load(benchmark, 1), split.toString());
            assertThat(split).hasBinaryContent(broken);
        }
    }

    @ParameterizedTest
    @MethodSource("all")
    void aMissingImageIsNamed(Benchmark benchmark) throws IOException {
        List<LabelledImage> test = plantAndLoad(benchmark).test();
        Path missing = test.get(test.size() - 1).path();
        Files.delete(missing);
        if (benchmark.layout().splitFile().isEmpty() && benchmark.rule().listsFolders()) {
            // No list has the contents of a folder, but an empty one is not a class.
            Folders.empty(missing.getParent());
            missing = missing.getParent();
        }

        assertThrown(InputException.class, () -> load(benchmark, 1), benchmark.name(), missing.toString());
    }

    @ParameterizedTest
    @MethodSource("neededFiles")
    void aMissingListOrFolderIsNamed(Benchmark benchmark, String needed) throws IOException {
        MiniatureBenchmarks.plant(benchmark.name(), root);
        Path missing = directory(benchmark).resolve(needed);
        Files.move(missing, root.resolve("elsewhere"));

        assertThrown(InputException.class, () -> load(benchmark, 1), missing.toString());
        benchmark.layout().splitFile().ifPresent(f -> assertThat(
                        directory(benchmark).resolve(f))
                .doesNotExist());
    }

    @ParameterizedTest
    @MethodSource("all")
    void listsCountImagesNameTheSplitAndWriteNothing(Benchmark benchmark) throws IOException {
        MiniatureBenchmarks.plant(benchmark.name(), root);
        List<Path> before = Folders.files(root);
        AtomicLong counted = new AtomicLong();
        BenchmarkSource.Lists lists = new BenchmarkSource(benchmark, root, 1).lists(counted::addAndGet);

        assertThat(Folders.files(root)).isEqualTo(before);
        boolean made = benchmark.layout().splitFile().isPresent();
        assertThat(lists.division())
                .isEqualTo(new Division(
                        made ? Division.Origin.RULE : Division.Origin.OFFICIAL,
                        benchmark.rule().description()));
        assertThat(lists.missing()).isEmpty();
        ImageDataset dataset = load(benchmark, 1);
        assertThat(lists.dataset()).isEqualTo(dataset);
        assertThat(counted)
                .hasValue(Stream.of(dataset.train(), dataset.val(), dataset.test())
                        .flatMap(List::stream)
                        .map(LabelledImage::path)
                        .distinct()
                        .count());
    }

    /** A complete copy has each image once. */
    @Test
    void publishedFilesCountsImageNetsValidationImagesOnce() {
        assertThat(Benchmarks.published().get("imagenet").publishedFiles()).isEqualTo(1_331_167);
        assertThat(Benchmarks.published().get("caltech101").publishedFiles()).isEqualTo(8_242);
        assertThat(Benchmarks.published().get("imagenet-v2").publishedFiles()).isEqualTo(10_000);
    }

    private ImageDataset plantAndLoad(Benchmark benchmark) throws IOException {
        MiniatureBenchmarks.plant(benchmark.name(), root);
        return load(benchmark, 1);
    }

    private ImageDataset load(Benchmark benchmark, long seed) throws IOException {
        return new BenchmarkSource(benchmark, root, seed).load();
    }

    private Path directory(Benchmark benchmark) {
        return root.resolve(benchmark.layout().directory());
    }

    private Path imageRoot(Benchmark benchmark) {
        return directory(benchmark).resolve(benchmark.layout().imageRoot());
    }

    private Path splitFile(Benchmark benchmark) {
        return directory(benchmark).resolve(benchmark.layout().splitFile().orElseThrow());
    }

    private static List<LabelledImage> renamed(List<LabelledImage> images) {
        return images.stream()
                .map(i -> new LabelledImage(i.path(), i.label(), "my " + i.className()))
                .toList();
    }

    private static Benchmark withSplitFile(Benchmark like, String splitFile) {
        Benchmark.Layout layout = like.layout();
        return new Benchmark(
                like.name(),
                like.title(),
                like.aliases(),
                new Benchmark.Layout(
                        layout.directory(), layout.imageRoot(), splitFile, layout.folders(), layout.lists()),
                like.rule(),
                like.template(),
                like.published(),
                like.skipped(),
                like.renamed(),
                like.about());
    }

    private interface Loading {
        ImageDataset load() throws IOException;
    }

    /** Loads and collects the warnings. */
    private static ImageDataset warnings(List<String> warnings, Loading loading) throws IOException {
        Logger logger = (Logger) LoggerFactory.getLogger(BenchmarkSource.class);
        ListAppender<ILoggingEvent> appender = new ListAppender<>();
        appender.start();
        logger.addAppender(appender);
        logger.setAdditive(false);
        try {
            return loading.load();
        } finally {
            logger.detachAppender(appender);
            logger.setAdditive(true);
            appender.list.forEach(event -> warnings.add(event.getFormattedMessage()));
        }
    }
}
