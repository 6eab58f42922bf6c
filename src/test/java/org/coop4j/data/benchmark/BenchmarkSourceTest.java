package org.coop4j.data.benchmark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.base.Thrown.assertThrown;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.coop4j.base.InputException;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.benchmark.Benchmark.SplitRule;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Each dataset on a miniature tree in its true layout. */
class BenchmarkSourceTest {
    @TempDir
    Path root;

    private MiniatureBenchmarks tree;

    @BeforeEach
    void plant() {
        tree = new MiniatureBenchmarks(root);
    }

    @Test
    void imageNetTestsOnItsValidationImages() throws IOException {
        tree.text("imagenet/classnames.txt", "n02 great white shark\nn01 missile\nn03 missile\nn09 not here\n")
                .images("imagenet/images/train/n01", 3)
                .images("imagenet/images/train/n02", 2)
                .images("imagenet/images/train/n03", 1)
                .images("imagenet/images/val/n01", 1)
                .images("imagenet/images/val/n03", 2);
        ImageDataset dataset = load("ImageNet");

        assertThat(dataset.classNames()).containsExactly("missile", "great white shark", "missile");
        assertThat(dataset.repeatedClassNames()).containsExactly("missile");
        assertThat(countPerLabel(dataset.train())).containsExactly(3, 2, 1);
        assertThat(dataset.test()).extracting(LabelledImage::label).containsExactly(0, 2, 2);
        assertThat(dataset.validatesOnTest()).isTrue();
    }

    @Test
    void imageNetV2NumbersFoldersAsClassnamesTxt() throws IOException {
        String folder = "imagenetv2/imagenetv2-matched-frequency-format-val/";
        StringBuilder names = new StringBuilder();
        for (int i = 0; i <= 10; i++) {
            names.append("n%02d class %d%n".formatted(i, i));
            tree.images(folder + i, 1);
        }
        tree.text("imagenetv2/classnames.txt", names.toString());
        ImageDataset dataset = load("ImageNetV2");

        // "10" sorts before "2": the number decides, not the name's order.
        assertThat(dataset.test().get(10)).isEqualTo(image(folder + "10/image_0001.jpg", 10, "class 10"));
        assertThat(dataset.classNames().get(2)).isEqualTo("class 2");
        assertThat(dataset.train()).isEmpty();
        assertThat(dataset.val()).isEmpty();
    }

    @Test
    void absentDatasetNamesTheFolderItIsExpectedIn() {
        assertRefused("EuroSAT", root.resolve("eurosat").toString());
    }

    @Test
    void flatImageNetValidationFolderIsRefused() throws IOException {
        tree.text("imagenet/classnames.txt", "n01 tench\n")
                .images("imagenet/images/train/n01", 1)
                .file("imagenet/images/val/ILSVRC2012_val_00000001.JPEG");

        assertRefused("ImageNet", "imagenet/images/val");
    }

    @Test
    void folderWithoutAClassNameIsRefused() throws IOException {
        tree.text("imagenet-sketch/classnames.txt", "n01 tench\n").images("imagenet-sketch/images/n02", 1);

        assertRefused("ImageNetSketch", "n02", "classnames.txt");
    }

    @Test
    void emptyClassFolderIsNamed() throws IOException {
        tree.images("dtd/images/banded", 12);
        Files.createDirectories(root.resolve("dtd/images/dotted"));

        assertRefused("DTD", "dotted of DescribableTextures");
    }

    @Test
    void listsThatLeaveTheImageFolderAreRefused() throws IOException {
        tree.text("fgvc_aircraft/variants.txt", "DC-3\n")
                .text("fgvc_aircraft/images_variant_train.txt", "../../secret DC-3\n");
        assertRefused("FGVCAircraft", "leads out");

        tree.text("sun397/ClassName.txt", "/../x\n").text("sun397/Training_01.txt", "/../x/../../y.jpg\n");
        assertRefused("SUN397", "sun397");

        tree.text("oxford_pets/annotations/trainval.txt", "/etc/passwd_1 1 1 1\n");
        assertRefused("OxfordPets", "/etc/passwd_1.jpg", "stay below it");
    }

    @Test
    void brokenLinesAreNamedWithTheirNumber() throws IOException {
        tree.text("oxford_pets/annotations/trainval.txt", "Abyssinian_1 1 1 1\nAbyssinian_2 1\n");
        assertRefused("OxfordPets", "trainval.txt line 2");

        tree.text("oxford_pets/annotations/trainval.txt", "Abyssinian_1 0 1 1\n");
        assertRefused("OxfordPets", "line 1", "class number");

        tree.text("fgvc_aircraft/variants.txt", "DC-3\n").text("fgvc_aircraft/images_variant_train.txt", "1 DC-4\n");
        assertRefused("FGVCAircraft", "DC-4");

        tree.text("ucf101/ucfTrainTestlist/classInd.txt", "1 YoYo\n")
                .text("ucf101/ucfTrainTestlist/trainlist01.txt", "v_YoYo.avi 1\n");
        assertRefused("UCF101", "trainlist01.txt line 1");
    }

    @Test
    void damagedMatlabFilesAreRefused() throws IOException {
        MiniatureBenchmarks.plant("OxfordFlowers", root);
        Path labels = root.resolve("oxford_flowers/imagelabels.mat");
        byte[] whole = Files.readAllBytes(labels);
        for (int length = 0; length < whole.length; length += 7) {
            Files.write(labels, Arrays.copyOf(whole, length));
            assertRefused("OxfordFlowers", "imagelabels.mat");
        }
        MiniatureBenchmarks.plant("StanfordCars", root);
        Files.copy(
                root.resolve("stanford_cars/devkit/cars_train_annos.mat"),
                root.resolve("stanford_cars/devkit/cars_meta.mat"),
                StandardCopyOption.REPLACE_EXISTING);
        assertRefused("StanfordCars", "cars_meta.mat");
    }

    @Test
    void flowerLabelWithoutANameIsRefused() throws IOException {
        MiniatureBenchmarks.plant("OxfordFlowers", root);
        tree.text("oxford_flowers/cat_to_name.json", "{\"1\": \"pink primrose\"}");
        assertRefused("OxfordFlowers", "label 2");

        tree.text("oxford_flowers/cat_to_name.json", "{\"1\": ");
        assertRefused("OxfordFlowers", "cat_to_name.json");
    }

    private ImageDataset load(String name) throws IOException {
        return new BenchmarkSource(benchmark(name), root, 1).load();
    }

    private void assertRefused(String name, String... parts) {
        assertThrown(InputException.class, () -> load(name), parts);
    }

    private static Benchmark benchmark(String name) {
        return Benchmarks.published().get(name);
    }

    private LabelledImage image(String path, int label, String className) {
        return new LabelledImage(root.resolve(path), label, className);
    }

    private static List<Integer> countPerLabel(List<LabelledImage> images) {
        int labels = images.stream().mapToInt(LabelledImage::label).max().orElseThrow() + 1;
        return IntStream.range(0, labels)
                .mapToObj(l -> (int) images.stream().filter(i -> i.label() == l).count())
                .toList();
    }

    private final Benchmarks benchmarks = Benchmarks.published();

    @ParameterizedTest
    @CsvFileSource(resources = "usual-names.txt", quoteCharacter = '\'')
    void findsByAnyUsualName(String written, String name) {
        assertThat(benchmarks.get(written).name()).isEqualTo(name);
    }

    @Test
    void eachNameMeansOneDataset() {
        Map<String, String> owners = new HashMap<>();
        for (Benchmark benchmark : benchmarks.all()) {
            benchmark.names().stream().map(Benchmarks::bare).distinct().forEach(name -> assertThat(
                            owners.put(name, benchmark.name()))
                    .isNull());
        }
    }

    @Test
    void unknownNameIsRefusedWithTheExistingNames() {
        assertThat(benchmarks.find("mnist")).isEmpty();
        assertThrown(IllegalArgumentException.class, () -> benchmarks.get("mnist"), "'mnist'", "EuroSAT");
    }

    @Test
    void templatesAreTheReferences() {
        assertThat(benchmarks.get("food101").template()).isEqualTo("a photo of {}, a type of food.");
        assertThat(benchmarks.get("dtd").template()).isEqualTo("{} texture.");
        assertThat(benchmarks.get("imagenet-r").template()).isEqualTo("a photo of a {}.");
    }

    /** Totals published with the datasets themselves. */
    @ParameterizedTest
    @CsvFileSource(resources = "totals.txt", quoteCharacter = '\'')
    void publishedSizesAddUpToTheDatasetsTotals(String name, int total) {
        Benchmark.Sizes sizes = benchmarks.get(name).published();

        assertThat(sizes.train() + sizes.val() + sizes.test()).isEqualTo(total);
    }

    static Stream<Benchmark> all() {
        return Benchmarks.published().all().stream();
    }

    @ParameterizedTest
    @MethodSource("all")
    void thePageHasThreeTrueRowsOfEveryDataset(Benchmark benchmark) throws IOException {
        List<String> rows = Files.readAllLines(Path.of("../docs/data.md")).stream()
                .filter(line -> line.startsWith("| " + benchmark.name() + " |"))
                .toList();

        assertThat(rows).hasSizeBetween(3, 4); // some have a rule of their own in a fourth table
        assertThat(rows.get(0)).contains("| `" + benchmark.layout().directory() + "` |");
        assertThat(benchmark.layout().folders())
                .allSatisfy(folder -> assertThat(rows.get(0)).contains("`" + folder + "`"));
        assertThat(rows.get(0)).contains(benchmark.layout().splitFile().orElseGet(() -> benchmark
                .layout()
                .lists()
                .get(0)));
        assertThat(rows.get(1)).isEqualTo(sizes(benchmark));
        assertThat(rows.get(2))
                .contains("<" + benchmark.about().homepage() + ">")
                .endsWith("| " + benchmark.about().terms() + " |");
    }

    private static String sizes(Benchmark benchmark) {
        Benchmark.Sizes published = benchmark.published();
        String val = benchmark.rule() == SplitRule.IMAGENET ? "= test" : count(published.val());
        return "| %s | %s | %s | %s | %s | %s |"
                .formatted(
                        benchmark.name(),
                        count(published.classes()),
                        count(published.train()),
                        val,
                        count(published.test()),
                        benchmark.template())
                .replace("|  |", "| |")
                .replace("|  |", "| |");
    }

    private static String count(int value) {
        return value == 0 ? "" : String.format(Locale.ROOT, "%,d", value);
    }
}
